"""What the demo's user is watching and has watched."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from trakt_ical.demo.airing import Airing
from trakt_ical.demo.show import Movie
from trakt_ical.demo.state import CheckIn, State, Store
from trakt_ical.demo.watchlist import kind_of, take_off

REPLACEABLE = 0.8  # of a check-in; after that API v2 lets the next one take its place


class History:
    """The running check-in and, when one has ended, the plays it became."""

    def __init__(self, store: Store, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock

    def check_in(
        self, what: Airing | Movie, length: timedelta, *, message: str, sharing: Mapping[str, bool]
    ) -> CheckIn:
        """Start watching *what*, in place of anything that is running."""
        now = self._now()
        until = now + int(length.total_seconds())
        started = CheckIn(what.name, now, until, message, dict(sharing))
        networks = [network for network, wanted in sharing.items() if wanted]
        with self._store.changing() as state:
            if state.check_in is not None:
                _watch(state, state.check_in.what, now)
            state.check_in = started
            state.note(_deed(what.name), now)
            if networks:
                state.shared.append({"at": now, "message": message, "networks": networks})
        return started

    def running(self) -> CheckIn | None:
        """The check-in that is running; one that has ended has become a play."""
        now = self._now()
        with self._store.reading() as state:
            found = state.check_in
        if found is None or now < found.expires_at:
            return found
        with self._store.changing() as state:
            if state.check_in is not None and state.check_in.expires_at <= now:
                _watch(state, state.check_in.what, state.check_in.expires_at)
                state.check_in = None
        return None

    def blocking(self) -> CheckIn | None:
        """The running check-in, unless it is so near its end that the next may replace it."""
        found = self.running()
        if found is None:
            return None
        gone = self._now() - found.started_at
        return None if gone >= REPLACEABLE * (found.expires_at - found.started_at) else found

    def cancel(self) -> CheckIn | None:
        """End the running check-in without counting it as watched."""
        if self.running() is None:
            return None
        with self._store.changing() as state:
            ended, state.check_in = state.check_in, None
            if ended is not None:
                state.note(_deed(ended.what), self._now())
        return ended

    def watch(self, what: Airing | Movie) -> None:
        """Count *what* as watched just now."""
        with self._store.changing() as state:
            _watch(state, what.name, self._now())

    def unwatch(self, what: Airing | Movie) -> None:
        """Forget every play of *what*."""
        with self._store.changing() as state:
            state.watched.pop(what.name, None)
            if what.name not in state.missed:
                state.missed.append(what.name)
            state.note(_deed(what.name), self._now())

    def plays(self, what: Airing | Movie) -> list[int]:
        """When an episode or movie was watched, oldest first."""
        self.running()
        with self._store.reading() as state:
            times = list(state.watched.get(what.name, []))
            if isinstance(what, Airing) and what.show.watched and what.name not in state.missed:
                end = int(what.at.timestamp()) + 60 * what.minutes
                times += [end] if end < state.watched_until else []
        return sorted(times)

    def names(self) -> frozenset[str]:
        """What has plays of its own, beside what was watched as it aired."""
        self.running()
        with self._store.reading() as state:
            return frozenset(state.watched)

    def last_watched(self, kind: str) -> int:
        """When an episode or a movie was last watched, checked in to or forgotten."""
        self.running()
        with self._store.reading() as state:
            times = [time for what, plays in state.watched.items() if kind_of(what) == kind for time in plays]
            return max([*times, state.last(_deed_of(kind))])

    def shared(self) -> list[dict[str, Any]]:
        """What check-ins posted to other networks: when, which words, where."""
        with self._store.reading() as state:
            return list(state.shared)

    def _now(self) -> int:
        return int(self._clock().timestamp())


def _watch(state: State, what: str, when: int) -> None:
    """Count a play; it takes an episode, its show or a movie off the watchlist."""
    state.watched.setdefault(what, []).append(when)
    state.note(_deed(what), when)
    take_off(state, what, when)
    if kind_of(what) == "episodes":
        take_off(state, what.partition("/")[0], when)


def _deed(what: str) -> str:
    return _deed_of(kind_of(what))


def _deed_of(kind: str) -> str:
    return f"watched {kind}"
