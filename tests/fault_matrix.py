"""Meets every request of every command with every fault of the built-in Trakt.

usage: python -m tests.fault_matrix [COMMAND …] [STEP]: of those commands each STEP-th cell. All take half an hour.

Each cell must end in success or in one clear sentence with its exit status. The calendar is then as it was or whole and
new, the login works unless Trakt itself spent it, and what a check-in said is what Trakt has.
"""

from __future__ import annotations

import itertools
import os
import sys
import tempfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from tests.checkins import HARBOR
from tests.conftest import Clock, Line
from tests.demos import Demo, log_in, make_environ, with_slow_ferry
from tests.readers import Exports
from trakt_ical.app.context import open_app
from trakt_ical.app.environment import Environment
from trakt_ical.app.serve import FeedService
from trakt_ical.demo import Body, Drop, Fault
from trakt_ical.demo.auth import PENDING
from trakt_ical.errors import TraktIcalError

COMMANDS: dict[str, tuple[str, ...]] = {
    "export": ("export", "--kind", "shows", "--kind", "movies"),
    "agenda": ("agenda",),
    "explain": ("explain", "harbor nine"),
    "checkin": ("checkin", *HARBOR),
    "cancel": ("checkin", "--cancel"),
    "login": ("login", "--no-browser"),
    "serve": (),
}
PATHS = {
    "v2": (
        "/calendars/",
        "/users/hidden/",
        "/users/settings",
        "/sync/last_activities",
        "/users/me/watching",
        "^/checkin$",
        "/search/",
        "/oauth/token",
        "/oauth/device/code",
        "/oauth/device/token",
        "",
    ),
    "v1": ("/user/calendar/", "/user/watching", "/show/checkin/", "cancelcheckin", "/search/", ""),
}
STATUSES = (
    204,
    206,
    301,
    304,
    400,
    401,
    403,
    404,
    405,
    409,
    412,
    418,
    420,
    422,
    423,
    426,
    429,
    500,
    502,
    503,
    504,
    520,
)
FAULTS: list[dict[str, Any]] = [
    *({"status": status} for status in STATUSES),
    *({"status": status, "body": Body.HTML} for status in (200, 400, 401, 403, 404, 429, 503)),
    *({"status": status, "takes_effect": True} for status in (200, 204, 404, 500)),
    *({"body": body, "takes_effect": effect} for body in (Body.GARBAGE, Body.EMPTY) for effect in (False, True)),
    {"drop": Drop.BEFORE},
    {"drop": Drop.AFTER},
    {"truncate": True},
    {"empty_list": True},
    {"date_offset": timedelta(days=3)},
    {"status": 429, "retry_after": 3600},
    {"status": 301, "location": "http://["},
]


class ApprovingClock(Clock):
    """A clock while which sleeps somebody allows every login that waits."""

    demo: Demo

    def sleep(self, seconds: float) -> None:
        """Let *seconds* pass, and the person act."""
        super().sleep(seconds)
        for device in self.demo.backend.auth._devices:
            if device.status == PENDING:
                self.demo.approve(device.user_code)


EXITS = {0, 3, 4, 5, 6, 7, 8, 9}


def main() -> None:
    """Print each cell that is not as it should be or in which Trakt lied, and how many are."""
    cells = failures = lies = 0
    with tempfile.TemporaryDirectory() as folder:
        os.environ["HOME"] = folder
        clock = ApprovingClock()
        with Demo(now=clock, cast=with_slow_ferry()) as demo:
            clock.demo = demo
            for number, (api, name, path, fault) in enumerate(list_cells()):
                place = Path(folder) / str(number)
                place.mkdir()
                cells += 1
                for complaint in try_cell(demo, clock, place, api, name, Fault(path=path, times=0, **fault)):
                    lies += complaint.startswith("Trakt lied")
                    failures += not complaint.startswith("Trakt lied")
                    sys.stdout.write(f"{api} {name} {path} {fault}: {complaint}\n")
    sys.stdout.write(f"{cells} cells: {failures} complaints, {lies} answers that lied\n")
    sys.exit(failures > 0)


def list_cells() -> Iterator[tuple[str, str, str, dict[str, Any]]]:
    """Yield the API, command, path and fault of each cell that the command line asks for."""
    words = [word for word in sys.argv[1:] if not word.isdecimal()]
    step = next((int(word) for word in sys.argv[1:] if word.isdecimal()), 1)
    cells = list_all_cells(words or list(COMMANDS))
    yield from itertools.islice(cells, 0, None, step)


def list_all_cells(names: list[str]) -> Iterator[tuple[str, str, str, dict[str, Any]]]:
    """Yield the API, command, path and fault of each cell of the commands *names*."""
    for name in names:
        for api, paths in PATHS.items():
            if api == "v1" and name == "login":
                continue
            yield from ((api, name, path, fault) for path in paths for fault in FAULTS)


def try_cell(demo: Demo, clock: Clock, folder: Path, api: str, name: str, fault: Fault) -> Iterator[str]:
    """Run the command *name* while *fault* stands, and yield what is wrong with what came of it."""
    demo.behave()
    demo.backend.account.cancel()
    token_file = folder / "token.json"
    log_in(demo, token_file)
    files = {"TRAKT_ICAL_TOKEN_FILE": str(token_file), "TRAKT_ICAL_OUTPUT": str(folder / "trakt.ics")}
    environ = make_environ(demo) | files | {"TRAKT_ICAL_API": api, "TRAKT_ICAL_TIMEZONE": "UTC"}
    line = Line(demo, clock, folder, Exports(), environ)
    if line("-q", "export").exit_code != 0:
        yield "the first export failed"
    if name == "cancel":
        line("-q", *COMMANDS["checkin"])
    if fault.path == "/oauth/token":
        demo.expire_tokens()
    before, spent = line.ics.read_bytes(), count_renewals(demo)
    demo.misbehave(fault)
    try:
        exit_code, output = run(line, demo, name)
    except Exception as error:
        yield f"a traceback: {error!r}"
        return
    demo.behave()
    errors = [each for each in output.splitlines() if each.startswith("Error: ")]
    if exit_code not in EXITS or len(errors) != (exit_code != 0):
        yield f"exit {exit_code}: {output!r}"
    if exit_code != 0 and line.ics.read_bytes() != before:
        yield "the calendar changed although the run failed"
    yield from check_what_was_said(line, api, name, fault, exit_code, output)
    again = line("-q", "export")
    lost = count_renewals(demo) > spent and fault.path in ("/oauth/token", "")
    if again.exit_code not in ((0, 4, 8) if lost else (0, 8)):
        yield f"the next export ends with {again.exit_code}: {again.output!r}"
    demo.behave()


def check_what_was_said(line: Line, api: str, name: str, fault: Fault, exit_code: int, output: str) -> Iterator[str]:
    """Yield where the *output* of a check-in, or of its end, is not what Trakt has."""
    watching = line("checkin", "--status").stdout
    has_started = name == "checkin" and ("Checked in" in output) != ("Harbor Nine" in watching)
    has_ended = name == "cancel" and exit_code == 0 and ("Ended" in output) != ("Nothing is running" in watching)
    if (has_started and "not known" not in output) or has_ended:
        verdict = "Trakt lied" if is_lie(api, name, fault) else "WRONG"
        yield f"{verdict}: said {output!r}, Trakt has {watching!r}"


def is_lie(api: str, name: str, fault: Fault) -> bool:
    """Whether *fault* answers what Trakt documents of something else: that nothing is watched, that something ended."""
    if name == "cancel" and api == "v2" and fault.status == 204:
        return True
    if fault.path not in ("", "/users/me/watching", "/user/watching"):
        return False
    if api == "v2":
        return fault.status == 204
    return fault.empty_list or fault.status == 204 or (fault.status in (None, 200) and fault.body is Body.EMPTY)


def count_renewals(demo: Demo) -> int:
    """How often a token was renewed, or tried to be."""
    return sum(seen.path == "/oauth/token" for seen in demo.requests)


def run(line: Line, demo: Demo, name: str) -> tuple[int, str]:
    """Run the command *name*, and return its exit status and what it wrote."""
    if name == "serve":
        environment = Environment(line.clock, line.clock.sleep, line.environ)
        with open_app({}, demo=False, environment=environment) as app:
            try:
                FeedService(app).refresh()
            except TraktIcalError as error:
                return error.exit_code, f"Error: {error}"
        return 0, ""
    result = line(*COMMANDS[name])
    return result.exit_code, result.output


if __name__ == "__main__":
    main()
