"""Every field of every recorded calendar entry, with every odd value in its place: what an export makes of it.

usage: python -m tests.benchmarks.odd_fields [STEP]: each STEP-th change through the command line; without it, all of
them in this process. All through the command line take five minutes.
"""

from __future__ import annotations

import logging
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.conftest import SHARED
from tests.odd_exports import open_exports
from tests.odd_fields import Change, RecordedAnswer, check_change, load_recorded


@contextmanager
def open_check(recorded: RecordedAnswer, *, command_line: bool) -> Iterator[Callable[[Change], None]]:
    """Give what checks one change of *recorded*."""
    if not command_line:
        yield lambda change: check_change(recorded, change)
        return
    with tempfile.TemporaryDirectory() as folder, open_exports(recorded, Path(folder) / "home") as exports:
        yield exports.check_change


def main(step: int) -> int:
    """Try each *step*-th change, or all in process (0); print how many kept every other event; return 1 on failures."""
    if not step:
        logging.disable()
    tried, failed, number = 0, 0, 0
    for recorded in load_recorded(SHARED):
        with open_check(recorded, command_line=step > 0) as check:
            for change in recorded.list_changes():
                number += 1
                if step and number % step:
                    continue
                tried += 1
                try:
                    check(change)
                except Exception as error:
                    failed += 1
                    sys.stdout.write(f"{change}: {type(error).__name__}: {str(error)[:300]}\n")
    sys.stdout.write(f"{tried - failed} of {tried} changes of one field kept every other event\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 0))
