"""The house itself: its floors and its start-up."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
IMPORTED = """
import sys
from trakt_ical.cli import main
try:
    main()
except SystemExit as exit:
    heavy = {"icalendar", "requests", "dateutil", "urllib3"}
    print(exit.code, *sorted(heavy & set(sys.modules)), file=sys.stderr)
"""


def test_imports_run_downhill() -> None:
    """The import contracts of pyproject.toml hold."""
    lint = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([lint, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["--version"], "0"),
        (["--help"], "0"),
        (["export", "--help"], "0"),
        (["export", "--nonsense"], "2"),
        (["x"], "2"),
    ],
)
def test_what_needs_no_work_loads_nothing_heavy(arguments: list[str], status: str) -> None:
    """Version, help and usage errors import neither icalendar nor requests."""
    done = subprocess.run([sys.executable, "-c", IMPORTED, *arguments], capture_output=True, text=True, check=True)
    assert done.stderr.splitlines()[-1] == status


def test_an_export_that_changes_nothing_never_loads_icalendar(tmp_path: Path) -> None:
    """Icalendar renders what changed; where nothing did, it is not even imported."""
    command = [sys.executable, "-c", IMPORTED, "--demo", "export", "-o", str(tmp_path / "trakt.ics")]
    loaded = [subprocess.run(command, capture_output=True, text=True, check=True).stderr for _ in range(2)]
    assert ["icalendar" in each.splitlines()[-1] for each in loaded] == [True, False]
    assert "unchanged" in loaded[1]
