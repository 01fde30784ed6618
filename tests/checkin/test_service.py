"""One POST, its lost answer, and conflicts, decided without a server."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.factories import NOW
from trakt_ical.checkin.items import CheckInExtras, Conflict, Started, Title, Watching, WatchItem
from trakt_ical.checkin.service import PAUSE, TRIES, CheckInService, ConflictChoice
from trakt_ical.errors import BrokenAnswer, CheckInRunning, TraktError

ITEM = WatchItem(Title("Harbor Nine", ids={"trakt": 101}), 10, 8, runtime=timedelta(minutes=60))
OTHER = WatchItem(Title("Tea & Trespass", ids={"trakt": 102}), 15, 1)
QUIET = CheckInExtras()
LOST = BrokenAnswer("The answer was lost.")


class FakeContext:
    """A clock that goes on when somebody sleeps; *slept* gathers for how long."""

    zone = UTC

    def __init__(self) -> None:
        self.slept: list[float] = []

    def now(self) -> datetime:
        """Return the present."""
        return NOW + timedelta(seconds=sum(self.slept))

    def sleep(self, seconds: float) -> None:
        """Let *seconds* pass at once."""
        self.slept.append(seconds)

    def describe_time(self, moment: datetime) -> str:
        """Return *moment* in ISO 8601."""
        return moment.isoformat()


class Server:
    """Answers each POST and each look at what is being watched with the next of the given ones; the last one stays."""

    def __init__(self, outcomes: list[Any], watching: list[Watching | None]) -> None:
        self.outcomes, self.looks = outcomes, watching
        self.posts = self.cancels = 0

    def start(self, item: WatchItem, extras: CheckInExtras) -> Started | Conflict:
        """Count the POST."""
        self.posts += 1
        outcome = self.outcomes.pop(0) if len(self.outcomes) > 1 else self.outcomes[0]
        if isinstance(outcome, Exception):
            raise outcome
        found: Started | Conflict = outcome
        return found

    def fetch_watching(self) -> Watching | None:
        """Tell what is being watched."""
        return self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]

    def cancel(self, *, movie: bool) -> None:
        """Count the request that ends a check-in."""
        self.cancels += 1


class FixedChoice:
    """Somebody who always chooses the same."""

    def __init__(self, choice: ConflictChoice) -> None:
        self.choice = choice
        self.ends: list[datetime] = []

    def resolve_conflict(self, conflict: Conflict) -> ConflictChoice:
        """Return it."""
        return self.choice

    def wait_until(self, end: datetime) -> None:
        """Remember until when."""
        self.ends.append(end)


def make_service(*outcomes: Any, watching: list[Watching | None]) -> tuple[CheckInService, Server, FakeContext]:
    """Return the service, and what is behind it."""
    server: Any = Server(list(outcomes), watching)
    world = FakeContext()
    return CheckInService(server, world), server, world


def test_a_lost_check_in_may_take_a_moment_to_show() -> None:
    """Trakt says at first that nothing is being watched: it is asked once more, and there is one POST."""
    service, server, world = make_service(LOST, watching=[None, Watching(ITEM, NOW)])
    outcome = service.attempt(ITEM, QUIET)
    assert outcome == Started(ITEM, NOW, NOW + timedelta(minutes=60))
    assert (server.posts, world.slept) == (1, [PAUSE.total_seconds()])


@pytest.mark.parametrize("watching", [None, Watching(OTHER), Watching(ITEM, player=True)])
def test_a_lost_check_in_is_not_claimed(watching: Watching | None) -> None:
    """Where nothing, something else, or a player's report is being watched, it did not count."""
    service, server, _ = make_service(LOST, watching=[watching])
    with pytest.raises(TraktError) as raised:
        service.attempt(ITEM, QUIET)
    assert (str(watching.item) if watching else "nothing") in str(raised.value)
    assert server.posts == 1


def test_others_that_get_in_between_end_the_tries() -> None:
    """Where another check-in runs each time, replacing ends after a few tries and says so."""
    service, server, _ = make_service(Conflict(NOW + timedelta(hours=1)), watching=[Watching(OTHER)])
    with pytest.raises(CheckInRunning):
        service.check_in(ITEM, QUIET, FixedChoice(ConflictChoice.REPLACE))
    assert server.posts == server.cancels == TRIES
    assert 1 < TRIES < 10


def test_one_that_gets_in_between_is_replaced_too() -> None:
    """A check-in that began while the first one was ended is met like the first."""
    conflict, started = Conflict(NOW + timedelta(hours=1)), Started(ITEM, NOW, NOW)
    service, server, _ = make_service(conflict, conflict, started, watching=[Watching(OTHER)])
    assert service.check_in(ITEM, QUIET, FixedChoice(ConflictChoice.REPLACE)) == started
    assert (server.posts, server.cancels) == (3, 2)


def test_an_end_that_is_past_is_waited_for_a_moment() -> None:
    """A clock that is ahead of Trakt's does not make the next POST follow at once."""
    started = Started(ITEM, NOW, NOW)
    service, server, _ = make_service(Conflict(NOW - timedelta(hours=1)), started, watching=[Watching(OTHER)])
    resolver = FixedChoice(ConflictChoice.WAIT)
    assert service.check_in(ITEM, QUIET, resolver) == started
    assert resolver.ends == [NOW + PAUSE]
    assert server.cancels == 0


def test_leaving_it_says_what_runs() -> None:
    """The error names what runs, and until when."""
    end = NOW + timedelta(hours=1)
    service, server, _ = make_service(Conflict(end), watching=[Watching(OTHER)])
    with pytest.raises(CheckInRunning) as raised:
        service.check_in(ITEM, QUIET, FixedChoice(ConflictChoice.LEAVE))
    assert (str(OTHER) in str(raised.value), raised.value.until, server.posts) == (True, end, 1)
