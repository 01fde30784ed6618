"""Real programs read what an export wrote, before and after each kind of change."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.calendars import find_upcoming
from tests.conftest import Line
from tests.server import Told, serving

Airing = tuple[str, int, int]


def subscribe(shared: Path, judges: Path, url: str, then: str) -> dict[str, Any]:
    """What vdirsyncer and khal make of the calendar at *url*, before and after *then* was run."""
    script = shared / "judges" / "subscribe_vdirsyncer_khal.py"
    span = ["--from", "2026-04-25", "--days", "20d"]
    command = [sys.executable, str(script), str(judges / "venv" / "bin"), url, *span, "--then", then]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    answer: dict[str, Any] = json.loads(done.stdout)
    assert answer["ok"], answer
    return answer


CHANGES: list[tuple[str, Callable[[Line, Airing], None]]] = [
    ("moved", lambda line, airing: line.demo.move(*airing, by=timedelta(hours=3))),
    ("renamed", lambda line, airing: line.demo.rename(*airing, title="Quite Another")),
    ("removed", lambda line, airing: line.demo.remove(*airing)),
    ("returned", lambda line, airing: line.demo.restore(*airing)),
]


@pytest.mark.parametrize(("name", "change"), CHANGES, ids=[name for name, _ in CHANGES])
def test_vdirsyncer_and_khal_see_a_change(
    shared: Path, judges: Path, line: Line, name: str, change: Callable[[Line, Airing], None], tmp_path: Path
) -> None:
    """A subscriber sees an episode moved, renamed, cancelled and back after one refresh, and loses no other."""
    arguments = ["-q", "export", "--from", "2026-04-25", "--days", "7", "--timezone", "UTC"]
    line(*arguments)
    airing = find_upcoming(line.ics.read_bytes())
    if name == "returned":
        line.demo.remove(*airing)
        line(*arguments)
    served = tmp_path / "served.ics"
    served.write_bytes(line.ics.read_bytes())
    change(line, airing)
    line(*arguments)
    with serving(lambda _: Told(served.read_bytes(), headers={"Content-Type": "text/calendar"})) as (url, _):
        answer = subscribe(shared, judges, f"{url}/trakt.ics", f"cp {line.ics} {served}")
    before, after = answer["list"], answer["then"]["list"]
    assert answer["events"] == answer["then"]["events"] > 10
    assert before != after
    assert ("CANCELLED" in str(after)) == (name == "removed")
    assert ("CANCELLED" in str(before)) == (name == "returned")
    assert ("Quite Another" in str(after)) == (name == "renamed")
