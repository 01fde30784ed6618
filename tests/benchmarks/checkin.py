"""`trakt-ical checkin` to what is on now, with the calendar kept, as a whole process.

    python -m tests.benchmarks.checkin [ROUNDS]

Limit: at most 2.5 times `python -c "import requests, click"`, plus the delay of the server, which is asked once.
"""

from __future__ import annotations

import functools
import sys
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from tests.benchmarks.account import make_home
from tests.benchmarks.answers import Listing
from tests.benchmarks.measure import COMMAND, at_most, milliseconds, print_lines, run_process, seconds, take_turns
from tests.benchmarks.server import run_server

LIMIT = 2.5
ENTRIES = 300
DELAY = 0.15  # seconds
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
IMPORTS = [sys.executable, "-c", "import requests, click"]


@dataclass(frozen=True)
class ListingOnNow(Listing):
    """A listing of which one entry began just before *now*, and nothing else on that day or its neighbours."""

    now: datetime = EPOCH

    def list_entries(self, first: date, days: int) -> list[dict[str, Any]]:
        """The entries of the days, the one that is on among them."""
        listed = [
            each for each in super().list_entries(first, days) if abs(find_start(each) - self.now) > timedelta(days=2)
        ]
        if not 0 <= (self.now.date() - first).days < days:
            return listed
        on = self._entry(0)
        on["first_aired"] = on["episode"]["effective_release_date"] = format_stamp(self.now - timedelta(minutes=5))
        return [*listed, on]


def find_start(entry: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(entry["first_aired"])


def format_stamp(moment: datetime) -> str:
    return f"{moment.replace(tzinfo=None).isoformat(timespec='seconds')}.000Z"


def main(rounds: int) -> None:
    """Measure and tell."""
    now = datetime.now(UTC)
    listing = ListingOnNow(now.date() - timedelta(days=31), 123, ENTRIES, now=now)
    with run_server(listing, delay=DELAY) as url, make_home(url) as environ:
        run_process([COMMAND, "-q", "export"], environ)
        commands = {"checkin": [COMMAND, "-q", "checkin"], "imports": IMPORTS}
        measures = {name: functools.partial(run_process, command, environ) for name, command in commands.items()}
        medians = {name: seconds(costs) for name, costs in take_turns(measures, rounds).items()}
    print_lines(
        f"A check-in to what is on, {ENTRIES} entries kept, a server {milliseconds(DELAY)} away, {rounds} rounds",
        *(f"  {name}: {milliseconds(figure)}" for name, figure in medians.items()),
        at_most("(checkin - delay) / imports", (medians["checkin"] - DELAY) / medians["imports"], LIMIT),
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 21)
