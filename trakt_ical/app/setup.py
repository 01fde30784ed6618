"""The settings file that `setup` writes: a commented one where there is none, else only what was answered."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import tomlkit

from trakt_ical.app.context import App
from trakt_ical.app.login import open_login
from trakt_ical.config.edit import check_text, edit_text, load_text, save_text

HEAD = """# Settings of trakt-ical, written by trakt-ical setup. To see all of them: trakt-ical config --all
# Change them here, by trakt-ical config set NAME VALUE, or by another trakt-ical setup, which keeps the rest.
"""
COMMENTS = {
    "api": "where air times come from: v2 is Trakt, tvmaze is TVmaze with the list of shows that you imported",
    "client_id": "of your app at https://app.trakt.tv/settings/apps",
    "kind": "shows, new, premieres, finales, movies, streaming, dvd",
    "timezone": "in which days begin and end; not set: your Trakt account's, else this computer's",
    "output": "a file, or an object in a bucket (s3://, gs://, az://)",
}


def check_client_id(app: App) -> None:
    """Ask Trakt for a code, which it gives to an app that it knows. Raises AppNeeded, or TraktError."""
    with open_login(app) as login:
        login.start()


def write_settings(path: Path, answers: Mapping[str, str | tuple[str, ...]]) -> bool:
    """Put *answers* into the settings file at *path*, and return whether that changed it. The rest stays as it was.

    Raises SettingsError where the file is wrong already, or a value is; then it is as it was.
    """
    before = load_text(path)
    if not before:
        given = {name: value for name, value in answers.items() if value}
        text = HEAD + "".join(f"\n# {COMMENTS[name]}\n{_format(name, value)}" for name, value in given.items())
        check_text(path, text)
        save_text(path, text)
        return True
    after = before
    for name, value in answers.items():
        wanted = ",".join(value) if isinstance(value, tuple) else value
        if wanted or tomlkit.parse(after).get(name) is not None:
            after = edit_text(path, after, name, wanted or None)
    # Checked and written once: a process that is killed, or a value that is wrong, leaves no half of the answers.
    check_text(path, after)
    if after != before:
        save_text(path, after)
    return after != before


def _format(name: str, value: str | tuple[str, ...]) -> str:
    document = tomlkit.document()
    document[name] = list(value) if isinstance(value, tuple) else value
    return tomlkit.dumps(document)
