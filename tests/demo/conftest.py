"""A built-in Trakt that lives by a clock of the test."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from tests.conftest import Clock
from tests.demos import Demo


@pytest.fixture
def clock() -> Clock:
    """The clock of the demo."""
    return Clock(datetime(2026, 11, 23, 12, tzinfo=UTC))


@pytest.fixture
def trakt(clock: Clock) -> Iterator[Demo]:
    """A demo that lives by the clock."""
    with Demo(now=clock) as running:
        yield running
