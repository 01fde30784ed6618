"""Runs the refreshers of all accounts, a few at a time, so that none keeps another one waiting for long."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from trakt_ical.feed.access_log import name_account
from trakt_ical.feed.refresher import Refresher

log = logging.getLogger(__name__)

AT_ONCE = 4  # refreshes; each is mostly waiting for Trakt
PATIENCE = timedelta(seconds=60)  # a refresh that takes longer hangs or waits for Trakt: it takes no place any more
LONGEST_WAIT = 5.0  # seconds until the pool looks again; the clock may have been set
RESTART_PAUSE = 30.0  # seconds before a pool that crashed goes on


@dataclass(eq=False)
class Member:
    """The *refresher* of the account called *name*; *began*: since when it is at work, None where it is not."""

    name: str
    refresher: Refresher
    began: datetime | None = field(default=None)


class RefresherPool:
    """Lets each of *members* do what is due, at most AT_ONCE at a time, in threads of their own.

    An account whose Trakt does not answer may hang until its run limit. After PATIENCE its place goes to others, so
    that any number of such accounts delays the rest by no more than that.
    """

    def __init__(self, members: Sequence[Member], now: Callable[[], datetime]) -> None:
        self.members = members
        """Replaced whole when the settings change; one that is at work then ends its work."""
        self._now = now
        self._ended, self._woken = threading.Event(), threading.Event()
        self._threads: set[threading.Thread] = set()
        # Daemons: they may hang in a request to Trakt, and must not keep the process from ending.
        self._thread = threading.Thread(target=self._run, name="refreshers", daemon=True)

    def find_startable(self) -> list[Member]:
        """Return the members that may begin now, the longest due first."""
        now, members = self._now(), self.members
        is_due = [
            (member.refresher.due, number)
            for number, member in enumerate(members)
            if member.began is None and member.refresher.find_pause() <= 0
        ]
        # A clock that was set back makes a step look as if it began ahead. It takes a place like a new one.
        busy = sum(member.began is not None and now - member.began < PATIENCE for member in members)
        return [members[number] for _, number in sorted(is_due)[: max(0, AT_ONCE - busy)]]

    def find_pause(self) -> float:
        """Return the seconds until a member that is not at work is due, no more than LONGEST_WAIT."""
        pauses = [member.refresher.find_pause() for member in self.members if member.began is None]
        return min([LONGEST_WAIT, *(pause for pause in pauses if pause > 0)])

    def work(self, member: Member) -> None:
        """Let *member* do what is due. Whatever happens in there stays there."""
        try:
            with name_account(member.name):
                member.refresher.step()
        except BaseException as error:
            # SystemExit too: it would end the thread without a word, and the feed would grow old in silence.
            member.refresher.note_crash(error)
        finally:
            member.began = None
            self.wake()

    def wake(self) -> None:
        """Look at once what is due."""
        self._woken.set()

    def _run(self) -> None:
        while not self._ended.is_set():
            try:
                self._woken.clear()
                for member in self.find_startable():
                    self._start(member)
                self._woken.wait(self.find_pause())
            except Exception:
                log.exception("The refreshers could not be started, which is a bug. They are tried again.")
                self._ended.wait(RESTART_PAUSE)

    def _start(self, member: Member) -> None:
        member.began = self._now()
        self._threads = {thread for thread in self._threads if thread.is_alive()}
        thread = threading.Thread(target=self.work, args=(member,), name=f"refresher {member.name}", daemon=True)
        self._threads.add(thread)
        try:
            thread.start()
        except RuntimeError:  # the system has no more threads
            member.began = None
            raise

    def __enter__(self) -> RefresherPool:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop(0.5)

    def stop(self, timeout: float) -> bool:
        """Let all end, and wait *timeout* seconds for that; return whether they have ended."""
        self._ended.set()
        self.wake()
        self._thread.join(timeout)
        end = threading.Event()
        for thread in list(self._threads):
            thread.join(0 if end.is_set() else timeout)
            if thread.is_alive():
                end.set()  # one that hangs has used the time up for all
        return not any(thread.is_alive() for thread in (self._thread, *self._threads))
