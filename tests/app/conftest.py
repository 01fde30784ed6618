"""What tests of the app share: a built-in Trakt where something airs every day."""

from __future__ import annotations

import pytest

from tests.demos import with_slow_ferry
from trakt_ical.demo.cast import Cast


@pytest.fixture
def cast() -> Cast:
    """The cast, with The Slow Ferry, which is on all day long."""
    return with_slow_ferry()
