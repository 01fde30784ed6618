"""Which data time zones are taken from."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import tzdata  # type: ignore[import-untyped]

from trakt_ical.app.environment import find_zones_version

OF_THE_PACKAGE = Path(tzdata.__file__).parent / "zoneinfo"
READ = """
import sys, zoneinfo
zoneinfo.reset_tzpath(to=[sys.argv[1]])
from trakt_ical.app.environment import use_newest_zones
use_newest_zones()
print(*zoneinfo.TZPATH)
print(zoneinfo.ZoneInfo("America/Havana").key)
"""


@pytest.mark.parametrize(
    ("name", "line", "version"),
    [
        ("tzdata.zi", "# version 2025b\nR d 1916", "2025b"),
        ("tzdata.zi", "# version 2024b-2-gabcdef-dirty\n", "2024b"),
        ("+VERSION", "2026a\n", "2026a"),
        ("tzdata.zi", "# This file\n", ""),
        ("other", "2026a\n", ""),
    ],
)
def test_the_version_of_this_computers_zones_is_found(tmp_path: Path, name: str, line: str, version: str) -> None:
    """The first folder that exists says it, in the file that its system has; one without a version says nothing."""
    (tmp_path / name).write_text(line)
    assert find_zones_version([str(tmp_path / "missing"), str(tmp_path), "/usr/share/zoneinfo"]) == version


@pytest.mark.parametrize(
    ("version", "is_newer"), [("2019a", False), ("", False), (tzdata.IANA_VERSION, True), ("2099a", True)]
)
def test_the_newer_zones_are_taken(tmp_path: Path, version: str, is_newer: bool) -> None:
    """Old zones of the computer are passed over, and so are some of no version; newer ones are taken."""
    (tmp_path / "tzdata.zi").write_text(f"# version {version}\n")
    (tmp_path / "America").mkdir()
    (tmp_path / "America" / "Havana").write_bytes((OF_THE_PACKAGE / "America/Havana").read_bytes())
    done = subprocess.run([sys.executable, "-c", READ, str(tmp_path)], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [str(tmp_path if is_newer else OF_THE_PACKAGE), "America/Havana"]


def test_a_command_takes_the_newer_zones(tmp_path: Path) -> None:
    """A command of the program sees to it before it looks at any zone."""
    (tmp_path / "tzdata.zi").write_text("# version 2019a\n")
    script = f"""
import zoneinfo
zoneinfo.reset_tzpath(to=["{tmp_path}"])
from trakt_ical.cli import cli
cli(["config"], standalone_mode=False)
print(*zoneinfo.TZPATH)
"""
    environ = {"HOME": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, env=environ)
    assert done.stdout.splitlines()[-1] == str(OF_THE_PACKAGE)
