"""All that is wrong with the settings is reported at once, with its line and what to write; secrets are never shown."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from trakt_ical.app.environment import Environment
from trakt_ical.cli import cli
from trakt_ical.config import resolve_settings
from trakt_ical.errors import SettingsError

SECRET = "hunter22"


def find_problems(tmp_path: Path, text: str, **environ: str) -> list[SettingsError]:
    """Return what is wrong with the settings file *text*, each thing by itself."""
    file = tmp_path / "config.toml"
    file.write_text(text)
    with pytest.raises(SettingsError) as caught:
        resolve_settings(flags={}, environ=environ, default_file=file)
    return [caught.value, *caught.value.others]


def test_all_errors_are_reported_at_once(tmp_path: Path) -> None:
    """Unknown names, wrong types, wrong values, wrong places, rules that cannot be read, and the environment."""
    text = """\
client_id = 5
pasword = "x"
back = "seven"
[calendar.A]
kind = "showz"
listen = "x"
[calendar.B]
timezone = "Europe/Berln"
title = "{shw}"
description = "{overvw}"
"""
    messages = [str(each) for each in find_problems(tmp_path, text, TRAKT_ICAL_AHED="3", TRAKT_ICAL_KEEP_DAYS="x")]
    for word in ("client_id", "pasword", "back", "kind", "listen", "timezone", "shw", "overvw", "AHED", "keep_days"):
        assert sum(word in message for message in messages) == 1, word
    assert len(messages) == 10


def test_what_is_wrong_for_all_calendars_is_reported_once(tmp_path: Path) -> None:
    """A default that is wrong is wrong in each calendar, and still one mistake."""
    assert len(find_problems(tmp_path, "[defaults]\nback = -1\n[calendar.A]\n[calendar.B]\n")) == 1


@pytest.mark.parametrize(
    ("text", "line", "pointed", "hint"),
    [
        ("timezone = Europe/Berlin", "timezone = …", "…", 'timezone = "…"'),
        ("back = 3\noutput = 7", "output = 7", "7", 'output = "7"'),
        ("back = 'x' # days", "back = 'x' # days", "'x' # days", "back = 30"),
        ("specials = 'maybe'", "specials = 'maybe'", "'maybe'", "true"),
        ("kind = 3", "kind = 3", "3", "["),
        ("show_offsets = 3", "show_offsets = 3", "3", "{"),
        ("[calendar.A]\n  color = 'crimsn'", "  color = 'crimsn'", "'crimsn'", None),
        ("bakc = 3", "bakc …", "bakc", None),
    ],
)
def test_the_place_is_shown(tmp_path: Path, text: str, line: str, pointed: str, hint: str | None) -> None:
    """The line, a mark under what is wrong, and what to write where that is plain."""
    [error] = find_problems(tmp_path, text + "\n")
    shown, marks, *rest = error.excerpt
    assert shown == line
    assert line[marks.index("^") : marks.index("^") + marks.count("^")] == pointed[: marks.count("^")]
    assert line[marks.index("^") :].startswith(pointed)
    assert (hint in rest[0]) if hint else rest == []


@pytest.mark.parametrize(
    "text",
    [
        f'password = ["{SECRET}"]',
        f"password = {SECRET}",
        f'password "{SECRET}"',
        f'pasword = "{SECRET}"',
        f'back = "{SECRET}\npassword = 3',
        f'password = """\n{SECRET}',
        f"{SECRET}!",
        f'api_url = "https://me:{SECRET}@x/?"',
        f'[calendar.A]\npassword = "{SECRET}"',
        f'api_key = "{SECRET}\\n"',
        f'client_secret = "{SECRET}"\nclient_secret = "{SECRET}"',
    ],
)
def test_a_secret_is_never_shown(tmp_path: Path, text: str) -> None:
    """Not where its value is wrong, its name is misspelt, or the file is no TOML."""
    file = tmp_path / "config.toml"
    file.write_text(text + "\n")
    result = CliRunner().invoke(cli, ["--config", str(file), "config"], obj=Environment(environ={}))
    assert result.exit_code == 3
    assert SECRET not in result.output


def test_the_command_line_shows_all_of_it(tmp_path: Path) -> None:
    """Each error is a line, followed by its excerpt."""
    file = tmp_path / "config.toml"
    file.write_text("back = 'x'\nahead = 'y'\n")
    result = CliRunner().invoke(cli, ["--config", str(file), "export"], obj=Environment(environ={}))
    rows = result.stderr.splitlines()
    assert result.exit_code == 3
    assert [row.startswith("Error: ") for row in rows] == [True, False, False, False] * 2
