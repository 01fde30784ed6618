"""Every field of every recorded calendar entry, with every odd value in its place: what an export makes of it."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

from tests.conftest import SHARED
from tests.odd_fields import check_change, load_recorded


def main(shared: Path) -> int:
    """Try all changes and print how many kept every other event; return 1 where one did not."""
    logging.disable()
    tried, failed = 0, 0
    for recorded in load_recorded(shared):
        for change in recorded.list_changes():
            tried += 1
            try:
                check_change(recorded, change)
            except Exception as error:
                failed += 1
                sys.stdout.write(f"{change}: {type(error).__name__}: {str(error)[:200]}\n")
    sys.stdout.write(f"{tried - failed} of {tried} changes of one field kept every other event\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else SHARED))
