"""What the tests of the feed share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conftest import Line
from tests.feeds import Running, serving


@pytest.fixture
def running(line: Line) -> Iterator[Running]:
    """Return a running feed that has its first copy."""
    with serving(line) as running:
        running.refresh()
        yield running
