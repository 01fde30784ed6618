"""The house itself: its floors, its start-up and what it needs."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.metadata import requires
from pathlib import Path

import pytest
import webcolors
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from trakt_ical.config.css_colors import CSS_COLORS

ROOT = Path(__file__).resolve().parents[1]
IMPORTED = """
import sys
from trakt_ical.cli import main
try:
    main()
except SystemExit as exit:
    heavy = {"icalendar", "requests", "dateutil", "urllib3", "obstore", "radicale"}
    extras = ("export.stores.bucket", "export.mirror", "export.dav_client", "app.push")
    heavy |= {"trakt_ical." + each for each in extras}
    print(exit.code, *sorted(heavy & set(sys.modules)), file=sys.stderr)
"""
WITHOUT_SERVE = """
import sys
for name in ("uvicorn", "uvloop", "httptools", "htpy", "markupsafe", "prometheus_client"):
    sys.modules[name] = None
from trakt_ical.cli import main
main()
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


def test_an_export_loads_what_it_needs(tmp_path: Path) -> None:
    """Icalendar only where something changed; nothing of buckets and CalDAV servers where the settings name none."""
    command = [sys.executable, "-c", IMPORTED, "--demo", "export", "-o", str(tmp_path / "trakt.ics")]
    loaded = [subprocess.run(command, capture_output=True, text=True, check=True).stderr for _ in range(2)]
    assert ["icalendar" in each.splitlines()[-1] for each in loaded] == [True, False]
    assert "unchanged" in loaded[1]
    assert not any(re.search("obstore|radicale|bucket|mirror|dav|push", each.splitlines()[-1]) for each in loaded)


def list_needs(name: str, *extras: str) -> set[str]:
    """Return the packages that an installation of *name* with *extras* brings along, on this Python and system."""
    found: set[str] = set()
    for need in map(Requirement, requires(name) or []):
        wanted = any(need.marker is None or need.marker.evaluate({"extra": extra}) for extra in (*extras, ""))
        if wanted and canonicalize_name(need.name) not in found:
            found |= {canonicalize_name(need.name)} | list_needs(need.name, *need.extras)
    return found


def test_the_core_is_small() -> None:
    """Without an extra at most 20 packages are installed; those of the feed are not among them."""
    core = list_needs("trakt-ical")
    assert len(core) <= 20, sorted(core)
    assert not core & {"uvicorn", "htpy"}
    assert {"uvicorn", "htpy"} <= list_needs("trakt-ical", "serve")


@pytest.mark.parametrize(
    ("command", "status"), [("export -o trakt.ics", 0), ("feed page", 0), ("doctor", 0), ("serve", 3)]
)
def test_only_serve_needs_its_extra(tmp_path: Path, command: str, status: int) -> None:
    """Where the packages of the feed are not installed, `serve` says which extra has them, and the rest works."""
    words = [sys.executable, "-c", WITHOUT_SERVE, "--demo", *command.split()]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == status, done.stderr
    assert ("trakt-ical[serve]" in done.stderr) == (status == 3)


def test_colors_are_those_of_css() -> None:
    """The table of colors is the one that webcolors has, which is W3C's."""
    assert {name: f"#{digits}" for name, digits in CSS_COLORS.items()} == {
        name: webcolors.name_to_hex(name) for name in webcolors.names()
    }
