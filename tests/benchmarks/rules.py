"""An export of 10,000 entries through all rules, against one without any.

    python -m tests.benchmarks.rules [ROUNDS]

Limit: at most twice the time. Both are whole processes without anything kept from before that ask the same server on
a loopback port for the same answers. Every filter looks at every entry and lets nearly all pass, hours are moved by a
show's offset, days grouped, words made of other templates, and each event rings twice: rules that leave much out
would make the export faster. What was watched and the watchlist, which are requests of their own, are not asked for.
"""

from __future__ import annotations

import functools
import sys

from tests.benchmarks.account import make_home
from tests.benchmarks.answers import Listing
from tests.benchmarks.cold_export import DAYS, ENTRIES
from tests.benchmarks.measure import (
    COMMAND,
    Cost,
    at_most,
    milliseconds,
    peak,
    print_lines,
    run_process,
    seconds,
    take_turns,
)
from tests.benchmarks.server import run_server

LIMIT = 2
FEWEST = 0.95  # of the entries are events all the same
RULES = {
    "LATE_NIGHT": "5",
    "UNKNOWN_HOUR": "midnight",
    "OFFSET": "60",
    "NETWORK_OFFSETS": "Harbour Two=180",
    "SHOW_OFFSETS": "show-1=30, show-2=-30",
    "DEFAULT_RUNTIME": "30",
    "SPECIALS": "false",
    "SHOW_SPECIALS": "show-3=true",
    "INCLUDE_NETWORKS": "Harbour One, Harbour Two",
    "INCLUDE_GENRES": "drama, comedy",
    "INCLUDE_COUNTRIES": "gb, us",
    "INCLUDE_LANGUAGES": "en",
    "INCLUDE_CERTIFICATIONS": "TV-14, TV-PG",
    "EXCLUDE_SHOWS": "show-4",
    "EXCLUDE_NETWORKS": "Harbour Three",
    "EXCLUDE_GENRES": "reality",
    "EXCLUDE_COUNTRIES": "fr",
    "EXCLUDE_LANGUAGES": "de",
    "EXCLUDE_CERTIFICATIONS": "TV-MA",
    "MIN_RATING": "5",
    "COUNTRY": "gb",
    "GROUP": "day",
    "TITLE": "{show} {code}: {title}[ ({network})] {mark}",
    "DESCRIPTION": "{genres} · {runtime} · {certification}\n\n{overview}\n\n{country} {year} {kind}\n\n{link}",
    "CODE": "S02E03",
    "MARKS": "symbol",
    "ALARMS": "30 min before, 1 h before, 09:00 that day",
}


def export(url: str, rules: dict[str, str]) -> Cost:
    """What an export with *rules* takes."""
    with make_home(url) as environ:
        environ |= {"TRAKT_ICAL_MAX_BYTES": "0", **{f"TRAKT_ICAL_{name}": value for name, value in rules.items()}}
        cost = run_process([COMMAND, "-q", "export", f"--from={DAYS.first}", f"--days={DAYS.days}"], environ)
        with open(environ["TRAKT_ICAL_OUTPUT"], "rb") as lines:  # as in cold_export
            events = sum(line == b"BEGIN:VEVENT\r\n" for line in lines)
    if not FEWEST * ENTRIES <= events <= ENTRIES:
        raise RuntimeError(f"{events} events: this is not what was to be measured.")
    return cost


def compare(rounds: int) -> None:
    """Measure and tell."""
    variants = {"without": {}, "all rules": RULES, "whole days": RULES | {"HOURS": "whole-day"}}
    with run_server(Listing(DAYS.first, DAYS.days, ENTRIES)) as url:
        costs = take_turns({name: functools.partial(export, url, rules) for name, rules in variants.items()}, rounds)
    print_lines(
        f"{ENTRIES} entries, half of the texts not ASCII, medians of {rounds} rounds",
        *(f"  {name}: {milliseconds(seconds(each))}, peak {peak(each):,.0f}" for name, each in costs.items()),
        *(
            at_most(f"time of {name} / without", seconds(costs[name]) / seconds(costs["without"]), LIMIT)
            for name in list(variants)[1:]
        ),
    )


if __name__ == "__main__":
    compare(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
