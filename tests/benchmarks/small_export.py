"""An export of 300 entries, half of their texts not ASCII, as a whole process.

    python -m tests.benchmarks.small_export [ROUNDS]

Limit: at most 1.5 times a Python that imports the libraries in use, plus the time of the answers,
which is that of a plain session of `requests` that asks for them one after the other.
"""

from __future__ import annotations

import functools
import sys
import time
from datetime import date
from statistics import median

import requests

from tests.benchmarks.account import make_home
from tests.benchmarks.answers import Listing
from tests.benchmarks.measure import COMMAND, at_most, milliseconds, print_lines, run_process, take_turns
from tests.benchmarks.server import run_server
from trakt_ical.model import DateRange

LIMIT = 1.5
ENTRIES = 300
IMPORTS = "import click, requests, msgspec, icalendar"
DAYS = DateRange(date(2026, 1, 4), 121)  # as many as an export has by default
PATHS = [f"/calendars/my/shows/{piece.first}/{piece.days}?extended=full" for piece in DAYS.widen(1).split(33)]
PATHS += [f"/users/hidden/{section}?limit=100" for section in ("calendar", "dropped")]


def time_answers(url: str) -> float:
    """Seconds for the answers alone, the connection included."""
    start = time.perf_counter()
    with requests.Session() as session:
        for path in PATHS:
            session.get(url + path, timeout=60).content  # noqa: B018  read to its end
    return time.perf_counter() - start


def time_imports(url: str) -> float:
    """Seconds for a Python that imports and ends."""
    with make_home(url) as environ:
        return run_process([sys.executable, "-c", IMPORTS], environ).seconds


def export(url: str) -> float:
    """Seconds for the export."""
    with make_home(url) as environ:
        return run_process([COMMAND, "-q", "export", f"--from={DAYS.first}", f"--days={DAYS.days}"], environ).seconds


def main(rounds: int) -> None:
    """Measure and tell."""
    with run_server(Listing(DAYS.first, DAYS.days, ENTRIES)) as url:
        measures = {
            "export": functools.partial(export, url),
            "imports": functools.partial(time_imports, url),
            "answers": functools.partial(time_answers, url),
        }
        medians = {name: median(figures) for name, figures in take_turns(measures, rounds).items()}
    print_lines(
        f"An export of {ENTRIES} entries, {len(PATHS)} answers, medians of {rounds} rounds",
        *(f"  {name}: {milliseconds(figure)}" for name, figure in medians.items()),
        at_most("(export - answers) / imports", (medians["export"] - medians["answers"]) / medians["imports"], LIMIT),
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 21)
