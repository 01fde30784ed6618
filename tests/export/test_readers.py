"""Real programs read what an export wrote, before and after each kind of change."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from tests.calendars import find_upcoming
from tests.conftest import Line
from tests.server import Reply, run_server
from tests.subscriber import Subscriber

Airing = tuple[str, int, int]


CHANGES: list[tuple[str, Callable[[Line, Airing], None]]] = [
    ("moved", lambda line, airing: line.demo.move(*airing, by=timedelta(hours=3))),
    ("renamed", lambda line, airing: line.demo.rename(*airing, title="Quite Another")),
    ("removed", lambda line, airing: line.demo.remove(*airing)),
    ("returned", lambda line, airing: line.demo.restore(*airing)),
]


@pytest.mark.parametrize(("name", "change"), CHANGES, ids=[name for name, _ in CHANGES])
def test_vdirsyncer_and_khal_see_a_change(
    line: Line, name: str, change: Callable[[Line, Airing], None], tmp_path: Path
) -> None:
    """A subscriber sees an episode moved, renamed, cancelled and back after one refresh, and loses no other."""
    arguments = ["-q", "export", "--from", "2026-04-25", "--days", "7", "--timezone", "UTC"]
    line(*arguments)
    airing = find_upcoming(line.ics.read_bytes())
    if name == "returned":
        line.demo.remove(*airing)
        line(*arguments)
    served = line.ics.read_bytes()
    change(line, airing)
    line(*arguments)
    with run_server(lambda _: Reply(served, headers={"Content-Type": "text/calendar"})) as (url, _):
        subscriber = Subscriber(tmp_path / "subscriber", f"{url}/trakt.ics")
        before = subscriber.refresh("2026-04-25", "20d")
        served = line.ics.read_bytes()
        after = subscriber.refresh("2026-04-25", "20d")
    assert len({each.uid for each in before}) == len({each.uid for each in after}) > 10
    assert before != after
    assert ("CANCELLED" in str(after)) == (name == "removed")
    assert ("CANCELLED" in str(before)) == (name == "returned")
    assert ("Quite Another" in str(after)) == (name == "renamed")
