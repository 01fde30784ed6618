"""`trakt-ical --version` against a bare Python.

    python -m tests.benchmarks.startup [ROUNDS]

Limit: at most 4 times `python -c pass`.
"""

from __future__ import annotations

import functools
import sys

from tests.benchmarks.account import make_home
from tests.benchmarks.measure import COMMAND, at_most, milliseconds, print_lines, run_process, seconds, take_turns

LIMIT = 4
COMMANDS = {"trakt-ical --version": [COMMAND, "--version"], "python -c pass": [sys.executable, "-c", "pass"]}


def main(rounds: int) -> None:
    """Measure and tell."""
    with make_home() as environ:
        measures = {name: functools.partial(run_process, command, environ) for name, command in COMMANDS.items()}
        medians = {name: seconds(costs) for name, costs in take_turns(measures, rounds).items()}
    version, bare = medians.values()
    print_lines(
        f"Start-up, medians of {rounds} rounds",
        *(f"  {name}: {milliseconds(figure)}" for name, figure in medians.items()),
        at_most("--version / bare Python", version / bare, LIMIT),
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 41)
