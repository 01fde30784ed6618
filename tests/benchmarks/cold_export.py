"""An export of 10,000 entries where nothing is kept from before, against the plain way (`plain.py`).

    python -m tests.benchmarks.cold_export [ROUNDS]

Limits: at least 1.3 times as fast, in at most 60 % of the memory. Both are whole processes, ask the
same server on a loopback port for the same answers and write the same events. Once with half of the
texts not ASCII, once with ASCII alone, which is kinder to the plain way: its folding is slow elsewhere.
"""

from __future__ import annotations

import functools
import resource
import sys
from datetime import date
from pathlib import Path

from tests.benchmarks.account import make_home
from tests.benchmarks.answers import Listing
from tests.benchmarks.measure import (
    COMMAND,
    Cost,
    at_least,
    at_most,
    milliseconds,
    peak,
    print_lines,
    run_process,
    seconds,
    take_turns,
)
from tests.benchmarks.server import run_server
from trakt_ical.model import DateRange

SPEED = 1.3
MEMORY = 0.6
ENTRIES = 10_000
DAYS = DateRange(date(2026, 1, 4), 365)
PATHS = [f"/calendars/my/shows/{piece.first}/{piece.days}?extended=full" for piece in DAYS.widen(1).split(33)]


def export(url: str) -> Cost:
    """What trakt-ical takes."""
    return run_writer([COMMAND, "-q", "export", f"--from={DAYS.first}", f"--days={DAYS.days}"], url)


def run_plain(url: str) -> Cost:
    """What the plain way takes."""
    script = str(Path(__file__).with_name("plain.py"))
    return run_writer([sys.executable, script, "{output}", *(url + path for path in PATHS)], url)


def run_writer(command: list[str], url: str) -> Cost:
    with make_home(url) as environ:
        output = environ["TRAKT_ICAL_OUTPUT"]
        command = [output if word == "{output}" else word for word in command]
        cost = run_process(command, environ | {"TRAKT_ICAL_MAX_BYTES": "0"})  # by default most events would be dropped
        with open(output, "rb") as lines:  # not as a whole: memory of this process would count as the child's
            events = sum(line == b"BEGIN:VEVENT\r\n" for line in lines)
    if events != ENTRIES or cost.peak <= resource.getrusage(resource.RUSAGE_SELF).ru_maxrss:
        raise RuntimeError(f"{events} events, peak {cost.peak}: this is not what was to be measured.")
    return cost


def compare(listing: Listing, rounds: int) -> None:
    """Measure with the entries of *listing* and tell."""
    with run_server(listing) as url:
        costs = take_turns(
            {"export": functools.partial(export, url), "plain": functools.partial(run_plain, url)}, rounds
        )
    print_lines(
        f"{ENTRIES} entries, {'ASCII alone' if listing.ascii_only else 'half not ASCII'}, medians of {rounds} rounds",
        *(f"  {name}: {milliseconds(seconds(each))}, peak {peak(each):,.0f}" for name, each in costs.items()),
        at_least("time of plain / export", seconds(costs["plain"]) / seconds(costs["export"]), SPEED),
        at_most("memory of export / plain", peak(costs["export"]) / peak(costs["plain"]), MEMORY),
    )


if __name__ == "__main__":
    for ascii_only in (False, True):
        compare(
            Listing(DAYS.first, DAYS.days, ENTRIES, ascii_only), rounds=int(sys.argv[1]) if len(sys.argv) > 1 else 5
        )
