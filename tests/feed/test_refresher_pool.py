"""The refreshers of many accounts: a few at a time, and none keeps another one waiting for long."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import timedelta

import pytest

from tests.conftest import Clock
from trakt_ical.errors import TraktError, TraktIcalError
from trakt_ical.feed.refresher import Refresher
from trakt_ical.feed.refresher_pool import AT_ONCE, PATIENCE, Member, RefresherPool
from trakt_ical.pipeline import Outcome

EVERY = timedelta(hours=1)


class CountingJob:
    """Counts its refreshes; with an *error*, each ends in that."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error
        self.refreshes = 0

    def refresh(self) -> Mapping[str, Outcome]:
        self.refreshes += 1
        if isinstance(self.error, TraktIcalError):
            return {"Trakt": self.error}
        if self.error:
            raise self.error
        return {}

    def has_account_changed(self) -> bool:
        return False

    def reload(self) -> None:
        pass


def make_members(clock: Clock, *jobs: CountingJob, apart: timedelta = timedelta()) -> list[Member]:
    return [
        Member(f"{number}", Refresher(job, EVERY, clock, lambda: 0.5, delay=number * apart))
        for number, job in enumerate(jobs)
    ]


def start(pool: RefresherPool, clock: Clock) -> list[Member]:
    """Let all that may begin now be at work."""
    begun = pool.find_startable()
    for member in begun:
        member.began = clock.now
    return begun


def test_a_few_work_at_a_time(clock: Clock) -> None:
    """Each that ends makes room for one more, the longest due first."""
    members = make_members(clock, *(CountingJob() for _ in range(10)), apart=timedelta(seconds=1))
    pool = RefresherPool(members, clock)
    clock.pass_by(minutes=1)
    assert start(pool, clock) == members[:AT_ONCE]
    assert pool.find_startable() == []
    pool.work(members[2])
    assert start(pool, clock) == [members[AT_ONCE]]


def test_any_number_that_hangs_delays_the_rest_by_a_minute(clock: Clock) -> None:
    """An account that hangs keeps its place for that long; it is never begun a second time meanwhile."""
    members = make_members(clock, *(CountingJob() for _ in range(3 * AT_ONCE + 1)))
    pool = RefresherPool(members, clock)
    begun: list[Member] = []
    for _ in range(4):
        begun += start(pool, clock)
        clock.pass_by(seconds=PATIENCE.total_seconds())
    assert begun == members
    clock.pass_by(hours=5)
    assert pool.find_startable() == []


def test_each_has_due_times_of_its_own(clock: Clock) -> None:
    """A failure is tried again by that account's own pauses, a success after an hour; nothing is due before."""
    failing, well = CountingJob(TraktError("no")), CountingJob()
    members = make_members(clock, failing, well)
    pool = RefresherPool(members, clock)
    for _ in range(59):
        for member in start(pool, clock):
            pool.work(member)
        clock.pass_by(minutes=1)
    assert (failing.refreshes, well.refreshes) == (4, 1)  # at 0, 5, 15 and 35 minutes
    assert [member.refresher.condition for member in members] == ["failing", "well"]


@pytest.mark.parametrize("error", [ZeroDivisionError("a bug"), SystemExit(), MemoryError()])
def test_a_crash_stays_with_its_account(clock: Clock, error: BaseException) -> None:
    """Whatever ends one refresh, the others go on."""
    members = make_members(clock, CountingJob(error), CountingJob())
    pool = RefresherPool(members, clock)
    for member in start(pool, clock):
        pool.work(member)
    assert [member.refresher.condition for member in members] == ["crashed", "well"]


def test_a_thread_that_hangs_does_not_keep_the_pool_from_others(clock: Clock) -> None:
    """With real threads: while one waits, another is refreshed again and again; the end knows that one still runs."""
    begun, released, done = threading.Event(), threading.Event(), threading.Event()

    class HangingJob(CountingJob):
        def refresh(self) -> Mapping[str, Outcome]:
            begun.set()
            assert released.wait(60)
            return {}

    class WellJob(CountingJob):
        def refresh(self) -> Mapping[str, Outcome]:
            outcomes = super().refresh()
            done.set()
            return outcomes

    job = WellJob()
    pool = RefresherPool(make_members(clock, HangingJob(), job), clock)
    with pool:
        assert begun.wait(60)
        for _ in range(3):
            assert done.wait(60)
            done.clear()
            clock.pass_by(hours=2)
            pool.wake()
        assert pool.stop(0.1) is False
        released.set()
        assert pool.stop(60) is True
    assert job.refreshes >= 3
