"""Opens the app for one run: with the user's own settings and folders, or with the built-in Trakt and its own."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from trakt_ical import atomic, config
from trakt_ical.app.outside import Folders, Outside
from trakt_ical.app.parts import App
from trakt_ical.errors import SettingsError

log = logging.getLogger(__name__)

START_WAIT = 60  # seconds


@contextlib.contextmanager
def opened(flags: Mapping[str, Any], *, demo: bool, outside: Outside) -> Iterator[App]:
    """The app as *flags*, environment and settings file say; with *demo*, beside a running built-in Trakt."""
    if not demo:
        yield _app(flags, Folders.of_user(), None, outside)
        return
    folders = Folders.of_demo()
    with demo_server(folders, outside) as account:
        yield _app(flags, folders, account, outside)


def at_rest(flags: Mapping[str, Any], *, demo: bool, outside: Outside) -> App:
    """The app for who only looks at what earlier runs kept: with *demo* no built-in Trakt is started."""
    folders = Folders.of_demo() if demo else Folders.of_user()
    account = {"api_url": "http://127.0.0.1", "username": "demo", "token_file": str(_demo_token(folders))}
    return _app(flags, folders, account if demo else None, outside)


def _demo_token(folders: Folders) -> Path:
    return folders.data / "token.json"


def _app(flags: Mapping[str, Any], folders: Folders, account: Mapping[str, str] | None, outside: Outside) -> App:
    resolved = config.resolve(flags=flags, environ=outside.environ, default_file=folders.file, account=account)
    for warning in resolved.warnings:
        log.warning("%s", warning)
    return App(resolved, folders, outside)


@contextlib.contextmanager
def demo_server(folders: Folders, outside: Outside, port: int = 0) -> Iterator[dict[str, str]]:
    """Run the built-in Trakt; gives the settings of its account, which starts logged in."""
    import msgspec

    from trakt_ical.demo import Demo
    from trakt_ical.trakt.token import Token, TokenFile

    try:
        folders.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise SettingsError(f"The folder {folders.data} cannot be made: {error.strerror}.") from error
    token_file = _demo_token(folders)
    with contextlib.ExitStack() as stack:
        with atomic.locked(folders.data / "start", wait=START_WAIT):  # of several first starts one is the first
            demo = stack.enter_context(Demo(port=port, state_file=folders.data / "state.json", now=outside.now))
            if demo.fresh:
                token = msgspec.convert(demo.grant(), Token)
                TokenFile(token_file).save(msgspec.structs.replace(token, username=demo.username))
        yield {
            "api_url": demo.url,
            "auth_url": demo.url,
            "client_id": demo.client_id,
            "client_secret": demo.client_secret,
            "api_key": demo.api_key,
            "username": demo.username,
            "password": demo.password,
            "token_file": str(token_file),
        }
