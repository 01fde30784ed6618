"""A year of one kind, with the hidden lists, from a server whose answers take 150 ms each.

    python -m tests.benchmarks.year [ROUNDS]

Limit: fetching takes at most 2.6 times one answer. The year is cut at multiples of 33 days since
0001-01-01; the one here takes 12 calendar requests, and 2 for the hidden lists. One year in eleven, by
the day it begins on, takes 13. The export as a whole process is told for information.
"""

from __future__ import annotations

import functools
import sys
import tempfile
import time
from datetime import UTC, date, datetime
from pathlib import Path
from statistics import median

from tests.benchmarks.account import make_home
from tests.benchmarks.answers import Listing
from tests.benchmarks.measure import COMMAND, at_most, milliseconds, print_lines, run_process, take_turns
from tests.benchmarks.server import run_server
from trakt_ical.fetch.sources import FetchRequest
from trakt_ical.fetch.v2.source import LONGEST, SourceV2
from trakt_ical.model import DateRange
from trakt_ical.trakt.client import Client

DELAY = 0.15  # seconds
LIMIT = 2.6
REQUESTS = 14
ENTRIES = 120
YEAR = DateRange(date.fromordinal(LONGEST * 22_413 + 1), 365)  # from 2026-01-14 on; the day before begins a piece


def time_answer(url: str) -> float:
    """Seconds for one calendar answer, its connection included."""
    with Client(url) as client:
        start = time.perf_counter()
        client.get(f"/calendars/my/shows/{YEAR.first}/{LONGEST}", {"extended": "full"})
        return time.perf_counter() - start


def fetch(url: str) -> float:
    """Seconds for fetching and reading the year, nothing kept from before."""
    asked = set()
    with tempfile.TemporaryDirectory() as folder, Client(url, cache_folder=Path(folder)) as client:
        source = SourceV2(client, calendar="my", folder=Path(folder), now=datetime.now(UTC))
        start = time.perf_counter()
        airings = source.fetch(FetchRequest({"shows": YEAR}), lambda done, of: asked.add(of)).airings["shows"]
        seconds = time.perf_counter() - start
    if (len(airings), asked) != (ENTRIES, {REQUESTS}):
        raise RuntimeError(f"{len(airings)} airings in {asked} requests.")
    return seconds


def export(url: str) -> float:
    """Seconds for the whole process that exports the year."""
    with make_home(url) as environ:
        return run_process([COMMAND, "-q", "export", f"--from={YEAR.first}", f"--days={YEAR.days}"], environ).seconds


def main(rounds: int) -> None:
    """Measure and tell."""
    with run_server(Listing(YEAR.first, YEAR.days, ENTRIES), delay=DELAY) as url:
        timed = {"one_answer": time_answer, "fetch": fetch, "export": export}
        measures = {name: functools.partial(measure, url) for name, measure in timed.items()}
        medians = {name: median(figures) for name, figures in take_turns(measures, rounds).items()}
    print_lines(
        f"A year from {YEAR.first} on: {REQUESTS} requests, medians of {rounds} rounds",
        *(f"  {name}: {milliseconds(figure)}" for name, figure in medians.items()),
        at_most("fetch / 150 ms", medians["fetch"] / DELAY, LIMIT),
        f"fetch / one answer as measured: {medians['fetch'] / medians['one_answer']:.2f}",
        f"whole process / 150 ms: {medians['export'] / DELAY:.2f}, for information",
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 15)
