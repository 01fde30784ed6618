"""The changes of `odd_fields` through the command line: served over HTTP, exported, read back."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from tests.odd_fields import HOUR, Change, RecordedAnswer, find_uids_at, make_spec, replace_field
from tests.server import Reply, Request, run_server
from trakt_ical.app.environment import Environment
from trakt_ical.cli import cli
from trakt_ical.export.stored_calendar import parse_calendar
from trakt_ical.trakt.token import Token, TokenFile


class OddExports:
    """Exports of the answer *recorded*, with a change or without; its files are in *home*, its Trakt at *url*."""

    def __init__(self, recorded: RecordedAnswer, home: Path) -> None:
        self.recorded, self.home, self.body = recorded, home, recorded.body
        self.url = ""
        self.spec, self.now = make_spec(recorded, recorded.read(recorded.body)[0])
        self.ics = home / "trakt.ics"
        self.before = b""

    def answer(self, request: Request) -> Reply:
        """Answer *request*: calendars with the entries of their days, all else with an empty list."""
        path = request.path.partition("?")[0].strip("/").split("/")
        if self.recorded.kind == "v1" and path[:2] == ["user", "calendar"]:
            return Reply(json.dumps(self.body).encode())
        if path[0] != "calendars" or path[2] != self.recorded.kind:
            return Reply()
        first = date.fromisoformat(path[3])
        days = {str(first + timedelta(days=number)) for number in range(int(path[4]))}
        # Trakt chooses entries by what it knows, and not by the field that it writes wrongly.
        listed = [
            entry
            for entry, original in zip(self.body, self.recorded.body, strict=True)
            if (original.get("first_aired") or original["released"])[:10] in days
        ]
        return Reply(json.dumps(listed).encode())

    def export(self) -> str:
        """Export, and return what was said."""
        values = {
            "HOME": str(self.home),
            "API": "v1" if self.recorded.kind == "v1" else "v2",
            "API_URL": self.url,
            "API_KEY": "k" * 20,
            "CLIENT_ID": "c" * 64,
            "OWNER": "someone",
            "KIND": "shows" if self.recorded.kind == "v1" else self.recorded.kind,
            "OUTPUT": str(self.ics),
            "TIMEZONE": "UTC",
        }
        environ = {f"TRAKT_ICAL_{name}": value for name, value in values.items()}
        span = ("--from", str(self.spec.days.first), "--days", str(self.spec.days.days))
        environment = Environment(lambda: self.now, lambda seconds: None, environ, (5, 5), lambda: False)
        result = CliRunner().invoke(cli, ["export", *span], obj=environment)
        assert result.exit_code == 0, (result.exit_code, result.output, result.exception)
        return result.stderr

    def check_change(self, change: Change) -> None:
        """Export with *change* over the calendar without it; assert that the other events are the same to the byte."""
        self.ics.write_bytes(self.before)
        self.body = replace_field(self.recorded, change)
        said = self.export()
        changed = find_uids_at(self.recorded, change.place)
        before, after = (read_octets(octets) for octets in (self.before, self.ics.read_bytes()))
        others = before.keys() - changed
        assert others, change
        assert {uid: after.get(uid) for uid in others} == {uid: before[uid] for uid in others}, change
        # What could not be read is not missing: its own event stays as well.
        if "Warning: Left out" in said:
            assert {uid: after.get(uid) for uid in changed} == {uid: before.get(uid) for uid in changed}, change


def read_octets(calendar: bytes) -> dict[str, bytes]:
    """Return the octets of each event by its UID."""
    return {uid: bytes(event.octets) for uid, event in parse_calendar(calendar).events.items()}


@contextmanager
def open_exports(recorded: RecordedAnswer, home: Path) -> Iterator[OddExports]:
    """Serve *recorded* and export it once as it is."""
    exports = OddExports(copy.deepcopy(recorded), home)
    home.mkdir(parents=True)
    token: Any = {"access_token": "a", "refresh_token": "r", "username": "someone"}
    created = int((exports.now - timedelta(days=1)).timestamp())
    TokenFile(home / "token.json").save(Token(**token, created_at=created, expires_in=604800))
    with run_server(exports.answer) as (exports.url, _):
        exports.export()
        exports.before = exports.ics.read_bytes()
        exports.now += HOUR
        yield exports
