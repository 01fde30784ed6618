"""What people reported of Trakt and of calendar programs, as inputs, through the command line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cases import attacks, calendars, feeds, logins, odd_answers, refusals, times  # noqa: F401  each adds its cases
from tests.cases.trial import CASES, Case, Replay, Trial


@pytest.fixture(scope="module")
def replay(shared: Path) -> Iterator[Replay]:
    """A process that serves the scenario of each case."""
    running = Replay(shared)
    yield running
    running.close()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_reported_case_ends_as_wanted(replay: Replay, case: Case, tmp_path: Path) -> None:
    """Each row of the table of reported cases, and siblings of its kind."""
    assert case.attempt(Trial(replay, tmp_path))
