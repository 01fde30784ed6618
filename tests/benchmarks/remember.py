"""An export of 10,000 entries of which 1 in 100 changed since the last one, or none, against the plain way and a floor.

    python -m tests.benchmarks.remember [ROUNDS]

Limits with 1 in 100 changed: at least 6 times as fast as the plain way (`plain.py`), in at most 60 % of its memory; at
most 3 times what `floor.py` takes. With nothing changed: at least 20 times as fast as the plain way. All are whole
processes that ask the same server on a loopback port. Changed answers come from another address than those of the last
export, so that none is spared by an ETag; with nothing changed they are, as at Trakt.
"""

from __future__ import annotations

import contextlib
import functools
import shutil
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from tests.benchmarks.account import make_home
from tests.benchmarks.answers import Listing
from tests.benchmarks.cold_export import DAYS, ENTRIES, PATHS
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

SPEED = 6
UNCHANGED_SPEED = 20
MEMORY = 0.6
FLOOR = 3
CHANGED = 100  # one entry of so many
EXPORT = [COMMAND, "-q", "export", f"--from={DAYS.first}", f"--days={DAYS.days}"]


@contextlib.contextmanager
def make_stored_calendar(url: str) -> Iterator[Path]:
    """A calendar that was made of the answers at *url*."""
    with make_home(url) as environ:
        run_process(EXPORT, environ | {"TRAKT_ICAL_MAX_BYTES": "0"})
        yield Path(environ["TRAKT_ICAL_OUTPUT"])


def export(url: str, previous: Path) -> Cost:
    """What trakt-ical takes to go on from *previous*."""
    with make_home(url) as environ:
        shutil.copyfile(previous, environ["TRAKT_ICAL_OUTPUT"])
        return run_process(EXPORT, environ | {"TRAKT_ICAL_MAX_BYTES": "0"})


@contextlib.contextmanager
def make_unchanged_home(url: str) -> Iterator[dict[str, str]]:
    """The environment of a user whose last export of the answers at *url* changed nothing."""
    with make_home(url) as environ:
        environ |= {"TRAKT_ICAL_MAX_BYTES": "0"}
        run_process(EXPORT, environ)
        run_process(EXPORT, environ)
        yield environ


def run_script(name: str, url: str) -> Cost:
    """What the script *name* takes."""
    with make_home(url) as environ:
        script = str(Path(__file__).with_name(name))
        return run_process(
            [sys.executable, script, environ["TRAKT_ICAL_OUTPUT"], *(url + path for path in PATHS)], environ
        )


def compare(rounds: int) -> None:
    """Measure and tell."""
    old = Listing(DAYS.first, DAYS.days, ENTRIES)
    new = replace(old, changed=CHANGED)
    with (
        run_server(old) as before,
        make_stored_calendar(before) as previous,
        make_unchanged_home(before) as kept,
        run_server(new) as url,
        run_server(old) as same,
    ):
        measures = {
            "1 in 100 changed": functools.partial(export, url, previous),
            "nothing changed": functools.partial(run_process, EXPORT, kept),
            "nothing changed, state lost": functools.partial(export, same, previous),
            "plain": functools.partial(run_script, "plain.py", url),
            "floor": functools.partial(run_script, "floor.py", url),
        }
        costs = take_turns(measures, rounds)
    ours = costs["1 in 100 changed"]
    print_lines(
        f"{ENTRIES} entries, 1 in {CHANGED} changed, medians of {rounds} rounds",
        *(f"  {name}: {milliseconds(seconds(each))}, peak {peak(each):,.0f}" for name, each in costs.items()),
        at_least("time of plain / export", seconds(costs["plain"]) / seconds(ours), SPEED),
        at_least(
            "time of plain / nothing changed",
            seconds(costs["plain"]) / seconds(costs["nothing changed"]),
            UNCHANGED_SPEED,
        ),
        at_most("memory of export / plain", peak(ours) / peak(costs["plain"]), MEMORY),
        at_most("time of export / floor", seconds(ours) / seconds(costs["floor"]), FLOOR),
    )


if __name__ == "__main__":
    compare(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
