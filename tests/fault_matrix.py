"""Meets every request of every command with every fault of the built-in Trakt.

usage: python -m tests.fault_matrix [COMMAND …] [STEP]: of those commands each STEP-th cell. All take a quarter of an
hour. The cells of a path that a command never asks for count as one.

Each cell must end in success or in one clear sentence with its exit status. The calendar is then as it was or whole and
new, the login works unless Trakt itself spent it, and what a check-in said is what Trakt has.
"""

from __future__ import annotations

import itertools
import os
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

from tests.checkins import HARBOR
from tests.conftest import Clock, Line
from tests.demos import Demo, count_renewals, log_in, make_environ, with_slow_ferry
from tests.factories import NOW
from tests.readers import Exports
from trakt_ical.app.context import open_app
from trakt_ical.app.environment import Environment
from trakt_ical.app.serve import ServedAccounts
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
        "/users/me/watched/",
        "/users/me/watchlist/",
        "/releases/",
        "/progress/",
        "/seasons/",
        "^/checkin$",
        "/search/",
        "/oauth/token",
        "/oauth/device/code",
        "/oauth/device/token",
        "",
    ),
    "v1": (
        "/user/calendar/",
        "/user/watching",
        "/show/checkin/",
        "cancelcheckin",
        "/search/",
        "/show/season",
        "/show/episode/",
        "",
    ),
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


RULES = {
    "v2": {"TRAKT_ICAL_WATCHED": "false", "TRAKT_ICAL_COUNTRY": "de", "TRAKT_ICAL_SHOW_SPECIALS": "harbor nine=true"},
    "v1": {"TRAKT_ICAL_WATCHED": "false"},
}
"""Rules that need more requests."""


class Cell(NamedTuple):
    """One command of one API, and the *fault* that it meets at *path*."""

    api: str
    command: str
    path: str
    fault: Mapping[str, Any]


def main() -> None:
    """Print each cell that is not as it should be or in which Trakt lied, and how many are."""
    counts = Counter[str]()
    never_asked: set[tuple[str, str, str]] = set()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["HOME"] = folder
        clock = ApprovingClock()
        with Demo(now=clock, cast=with_slow_ferry()) as demo:
            clock.demo = demo
            for number, cell in enumerate(list_cells()):
                if cell[:3] in never_asked:
                    continue
                place = Path(folder) / str(number)
                place.mkdir()
                counts["cells"] += 1
                for complaint in try_cell(demo, clock, place, cell):
                    counts["lies" if complaint.startswith("Trakt lied") else "complaints"] += 1
                    sys.stdout.write(f"{' '.join(cell[:3])} {cell.fault}: {complaint}\n")
                    sys.stdout.flush()
                if not was_met(demo):
                    never_asked.add(cell[:3])
                demo.behave()
                shutil.rmtree(place)
    sys.stdout.write(
        f"{counts['cells']} cells: {counts['complaints']} complaints, {counts['lies']} answers that lied\n"
    )
    sys.exit(counts["complaints"] > 0)


def list_cells() -> Iterator[Cell]:
    """Yield the cells that the command line asks for."""
    words = [word for word in sys.argv[1:] if not word.isdecimal()]
    step = next((int(word) for word in sys.argv[1:] if word.isdecimal()), 1)
    yield from itertools.islice(list_all_cells(words or list(COMMANDS)), 0, None, step)


def list_all_cells(names: Iterable[str]) -> Iterator[Cell]:
    """Yield all cells of the commands *names*."""
    for name in names:
        for api, paths in PATHS.items():
            if api == "v1" and name == "login":
                continue
            yield from (Cell(api, name, path, fault) for path in paths for fault in FAULTS)


def was_met(demo: Demo) -> bool:
    """Whether a request met the fault that waits at *demo*."""
    return any(met for _, [met] in demo.faults._waiting)


def try_cell(demo: Demo, clock: Clock, folder: Path, cell: Cell) -> Iterator[str]:
    """Run the command of *cell* while its fault stands, and yield what is wrong with what came of it."""
    fault = Fault(path=cell.path, times=0, **cell.fault)
    demo.backend.account.cancel()
    demo.requests.clear()
    # Answers are the same at the same time, and quickly found.
    clock.now = NOW
    line = open_line(demo, clock, folder, cell.api)
    if line("-q", "export").exit_code != 0:
        yield "the first export failed"
    if cell.command == "cancel":
        line("-q", *COMMANDS["checkin"])
    if cell.path == "/oauth/token":
        demo.expire_tokens()
    before, spent = line.ics.read_bytes(), count_renewals(demo)
    clock.pass_by(minutes=20)
    demo.misbehave(fault)
    try:
        exit_code, output = run(line, demo, cell.command)
    except Exception as error:
        yield f"a traceback: {error!r}"
        return
    standing = demo.faults._waiting
    demo.behave()
    errors = [each for each in output.splitlines() if each.startswith("Error: ")]
    if exit_code not in EXITS or len(errors) != (exit_code != 0):
        yield f"exit {exit_code}: {output!r}"
    if exit_code != 0 and line.ics.read_bytes() != before:
        yield "the calendar changed although the run failed"
    yield from check_what_was_said(line, cell.api, cell.command, fault, exit_code, output)
    again = line("-q", "export")
    lost = count_renewals(demo) > spent and cell.path in ("/oauth/token", "")
    if again.exit_code not in ((0, 4, 8) if lost else (0, 8)):
        yield f"the next export ends with {again.exit_code}: {again.output!r}"
    demo.faults._waiting = standing


def open_line(demo: Demo, clock: Clock, folder: Path, api: str) -> Line:
    """Return a command line that is logged in, with all its files in *folder*."""
    log_in(demo, folder / "token.json")
    settings = {"HOME": str(folder), "OUTPUT": str(folder / "trakt.ics"), "API": api, "TIMEZONE": "UTC"}
    environ = make_environ(demo) | {f"TRAKT_ICAL_{name}": value for name, value in settings.items()} | RULES[api]
    return Line(demo, clock, folder, Exports(), environ)


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


def run(line: Line, demo: Demo, name: str) -> tuple[int, str]:
    """Run the command *name*, and return its exit status and what it wrote."""
    if name == "serve":
        environment = Environment(line.clock, line.clock.sleep, line.environ)
        with open_app({}, demo=False, environment=environment) as app:
            with closing(ServedAccounts([app])) as accounts:
                outcomes = accounts.services[0].refresh()
        error = next((each for each in outcomes.values() if isinstance(each, TraktIcalError)), None)
        return (error.exit_code, f"Error: {error}") if error else (0, "")
    result = line(*COMMANDS[name])
    return result.exit_code, result.output


if __name__ == "__main__":
    main()
