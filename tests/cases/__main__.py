"""Tries the cases that people reported, and siblings of each kind, and prints a table of what came of each.

usage: python -m tests.cases [WORD …]: those with a WORD in their names, or all. `tests/test_cases.py` runs the same.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.cases import attacks, calendars, feeds, logins, odd_answers, refusals, times  # noqa: F401  each adds its cases
from tests.cases.trial import CASES, Replay, Trial
from tests.conftest import SHARED


def main() -> int:
    """Try the cases that the command line names, and print the table."""
    words, replay, failures = sys.argv[1:], Replay(SHARED), 0
    sys.stdout.write("| case | what came of it |\n|---|---|\n")
    try:
        for each in sorted(CASES, key=lambda each: each.name):
            if words and not any(word in each.name for word in words):
                continue
            with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
                try:
                    seen = each.attempt(Trial(replay, Path(folder)))
                except Exception as error:
                    seen, failures = f"FAILED: {type(error).__name__}: {str(error)[:400]}", failures + 1
            seen = seen.replace("\n", " ").replace("|", "\\|")
            sys.stdout.write(f"| {each.name} | {seen} |\n")
    finally:
        replay.close()
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
