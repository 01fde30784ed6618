"""What the tests of the feed share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conftest import Line
from tests.feeds import RunningFeed, run_feed


@pytest.fixture
def running(line: Line) -> Iterator[RunningFeed]:
    """Return a running feed that has its first copy."""
    with run_feed(line) as running:
        running.refresh()
        yield running
