"""What the demo's user means to watch."""

from collections.abc import Callable
from datetime import datetime

from trakt_ical.demo.airing import Airing
from trakt_ical.demo.show import MOVIES, Movie, Show
from trakt_ical.demo.state import State, Store

KINDS = ("shows", "movies", "episodes")


class Watchlist:
    """Names of shows, movies and episodes, and since when each is listed."""

    def __init__(self, store: Store, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock

    def add(self, what: Show | Movie | Airing) -> None:
        """List something; what is listed already stays where it is."""
        now = int(self._clock().timestamp())
        with self._store.changing() as state:
            if what.name not in state.watchlist:
                state.watchlist[what.name] = now
                state.note(_deed(what.name), now)

    def remove(self, what: Show | Movie | Airing) -> None:
        """Take something off the list, if it is there."""
        now = int(self._clock().timestamp())
        with self._store.changing() as state:
            take_off(state, what.name, now)

    def names(self) -> frozenset[str]:
        """The names of everything listed."""
        return frozenset(name for name, _ in self.listed())

    def listed(self) -> list[tuple[str, int]]:
        """Every name and since when, in the order they were listed."""
        with self._store.reading() as state:
            return sorted(state.watchlist.items(), key=lambda entry: entry[1])

    def changed_at(self, kind: str) -> int:
        """When shows, movies or episodes were last listed or taken off."""
        with self._store.reading() as state:
            return state.last(_deed_of(kind))


def take_off(state: State, name: str, now: int) -> None:
    """Take *name* off the list of *state*, as watching it does too."""
    if state.watchlist.pop(name, None) is not None:
        state.note(_deed(name), now)


def kind_of(name: str) -> str:
    """Whether a name is that of a show, a movie or an episode."""
    if name.startswith(MOVIES):
        return "movies"
    return "episodes" if "/" in name else "shows"


def _deed(name: str) -> str:
    return _deed_of(kind_of(name))


def _deed_of(kind: str) -> str:
    return f"listed {kind}"
