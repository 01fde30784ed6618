"""What tests of check-ins share: a built-in Trakt where something is always on."""

from __future__ import annotations

import pytest

from tests.demos import with_slow_ferry
from trakt_ical.demo.cast import Cast


@pytest.fixture
def cast() -> Cast:
    """The cast, with The Slow Ferry, which is on all day long."""
    return with_slow_ferry()
