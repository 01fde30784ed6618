"""What a user of the built-in Trakt watches, has watched, wants to watch and has hidden."""

import copy
import math
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, time, timedelta
from functools import partial
from pathlib import Path

from trakt_ical.demo.airings import Airing, Catalogue
from trakt_ical.demo.auth import PASSWORDS, USERNAME, Auth
from trakt_ical.demo.cast import MOVIES, Cast, Movie, Show
from trakt_ical.demo.state import CheckIn, State, StateFile

KINDS = ("shows", "movies", "episodes")
SECTIONS = ("calendar", "dropped")  # of hidden shows
REPLACEABLE = 0.8  # of a check-in; after that API v2 lets the next one take its place
A_DAY = 86_400  # seconds
A_SEASON = timedelta(days=120)  # the longest that a movie stays on the watchlist
UNTIL_SEEN = timedelta(days=9, hours=22)  # from the midnight of a movie's first day
SEEN_MOVIES = 4  # one movie in so many, counting those that are not the user's


class Account:
    """The account's history, watchlist and hidden shows. A check-in that has ended becomes a play."""

    def __init__(self, username: str, state: StateFile, clock: Callable[[], datetime]) -> None:
        self.username = username
        self.is_protected = False  # the profile, in API v1: nobody else sees it
        self._state = state
        self._clock = clock

    def check_in(
        self, what: Airing | Movie, length: timedelta, *, message: str, sharing: Mapping[str, bool]
    ) -> CheckIn:
        """Start watching *what*, in place of anything that is running."""
        now = self._now()
        started = CheckIn(what.name, now, now + int(length.total_seconds()))
        networks = [network for network, wanted in sharing.items() if wanted]
        with self._state.change() as state:
            if state.check_in is not None:
                _add_play(state, state.check_in.what, now)
            state.check_in = started
            state.note(f"watched {find_kind(what.name)}", now)
            if networks:
                state.shared.append({"at": now, "message": message, "networks": networks})
        return started

    def find_running(self) -> CheckIn | None:
        """The check-in that is running."""
        return self._read().check_in

    def find_blocking(self) -> CheckIn | None:
        """The running check-in, unless it is so near its end that API v2 lets the next one replace it."""
        found = self.find_running()
        if found is None or self._now() - found.started_at < REPLACEABLE * (found.expires_at - found.started_at):
            return found
        return None

    def cancel(self) -> CheckIn | None:
        """End the running check-in without counting it as watched."""
        running = self.find_running()
        if running is not None:
            with self._state.change() as state:
                state.check_in = None
                state.note(f"watched {find_kind(running.what)}", self._now())
        return running

    def watch(self, what: Airing | Movie) -> None:
        """Count *what* as watched just now."""
        with self._state.change() as state:
            _add_play(state, what.name, self._now())

    def unwatch(self, what: Airing | Movie) -> None:
        """Forget every play of *what*."""
        with self._state.change() as state:
            state.watched.pop(what.name, None)
            if what.name not in state.missed:
                state.missed.append(what.name)
            state.note(f"watched {find_kind(what.name)}", self._now())

    def list_plays(self, what: Airing | Movie) -> list[int]:
        """When an episode or movie was watched, oldest first."""
        state = self._read()
        times = list(state.watched.get(what.name, []))
        # Years of plays need not be written down: up to the first start, the user watched by rule.
        if isinstance(what, Movie):
            seen_at = by_then = find_evening(self.username, what)
        else:
            seen_at = what.end.timestamp() if watches(self.username, what.show) else math.inf
            by_then = seen_at + (what.show.days_behind or 0) * A_DAY
        if by_then < state.started_at and what.name not in state.missed:
            times.append(int(seen_at))
        return sorted(times)

    def add_to_watchlist(self, what: Show | Movie | Airing) -> None:
        """List something; what is listed already stays where it is."""
        with self._state.change() as state:
            if what.name not in state.watchlist:
                state.watchlist[what.name] = self._now()
                state.note(f"listed {find_kind(what.name)}", self._now())

    def remove_from_watchlist(self, what: Show | Movie | Airing) -> None:
        """Take something off the watchlist, if it is there."""
        with self._state.change() as state:
            _take_off_watchlist(state, what.name, self._now())

    def wants(self, what: Show | Movie | Airing) -> bool:
        """Whether something is on the watchlist."""
        return what.name in self._read().watchlist

    def list_watchlist(self) -> dict[str, int]:
        """Every name on the watchlist and since when, in the order they were listed."""
        return dict(sorted(self._read().watchlist.items(), key=lambda entry: entry[1]))

    def hide(self, show: Show, section: str) -> None:
        """Put a show into a hidden section. Raises LookupError if there is no such section."""
        if section not in SECTIONS:
            raise LookupError(f"There is no hidden section {section}.")
        with self._state.change() as state:
            state.hidden.setdefault(section, {})[show.slug] = self._now()
            state.note(f"hidden {section}", self._now())

    def unhide(self, show: Show) -> None:
        """Take a show out of every hidden section."""
        with self._state.change() as state:
            for section, shows in state.hidden.items():
                if shows.pop(show.slug, None) is not None:
                    state.note(f"hidden {section}", self._now())

    def list_hidden(self, section: str) -> dict[str, int]:
        """The slugs of one section and since when, in the order they were hidden."""
        return dict(sorted(self._read().hidden.get(section, {}).items(), key=lambda entry: entry[1]))

    def find_last(self, deed: str) -> int:
        """When the user last did something, such as `watched episodes`, `listed shows` or `hidden dropped`."""
        return self._read().last(deed)

    def is_mine(self, what: Airing | Movie) -> bool:
        """Whether something is in the user's own calendar: watched once, or on the watchlist."""
        state = self._read()
        if isinstance(what, Movie) or what.name in state.watchlist:
            return what.name in state.watchlist or (isinstance(what, Movie) and likes(self.username, what))
        show = what.show
        plays = f"{show.name}/"
        is_known = watches(self.username, show) or show.name in state.watchlist
        return is_known or any(each.startswith(plays) for each in state.watched)

    def _read(self) -> State:
        state, now = self._state.read(), self._now()
        if state.check_in is None or now < state.check_in.expires_at:
            return state
        with self._state.change() as state:
            if state.check_in is not None and state.check_in.expires_at <= now:
                _add_play(state, state.check_in.what, state.check_in.expires_at)
                state.check_in = None
        return state

    def _now(self) -> int:
        return int(self._clock().timestamp())


def find_kind(name: str) -> str:
    """Whether a name is that of a show, a movie or an episode."""
    if name.startswith(MOVIES):
        return "movies"
    return "episodes" if "/" in name else "shows"


def likes(username: str, what: Show | Movie) -> bool:
    """Whether a show or movie is in the user's calendar from the start; of the other users each has a third of all."""
    place = list(PASSWORDS).index(username)
    return what.trakt % 3 == place or not what.mine if place else what.mine


def watches(username: str, show: Show) -> bool:
    """Whether the user watched a show as it aired, before the first start."""
    return show.days_behind is not None and likes(username, show)


def make_first_state(username: str, catalogue: Catalogue, now: datetime) -> State:
    """The user's account at a first start, *now*: some movies and shows are on the watchlist, some shows hidden."""
    started_at = int(now.timestamp())
    state = State(started_at)
    shows = catalogue.cast.shows
    for section in SECTIONS:  # one entry a day; what airs comes last
        slugs = [show.slug for show in reversed(shows) if section in show.hidden_in and username == USERNAME]
        state.hidden[section] = {slug: started_at - A_DAY * (99 - age) for age, slug in enumerate(slugs)}
    movies = [each for each in catalogue.list_movies() if each.releases["dvd"] >= (now - A_SEASON).date()]
    wanted = [each.name for each in movies if likes(username, each) and find_evening(username, each) >= started_at]
    wanted += [show.name for show in shows if likes(username, show) and show.airs and not watches(username, show)]
    state.watchlist = dict.fromkeys(wanted, started_at)
    return state


def find_evening(username: str, movie: Movie) -> float:
    """When the user saw a movie in the cinema: one in so many, a few weeks after its first day; never is infinite."""
    evening = datetime.combine(movie.releases["movies"], time(), UTC) + UNTIL_SEEN
    return evening.timestamp() if likes(username, movie) and movie.trakt % SEEN_MOVIES == 0 else math.inf


def _add_play(state: State, name: str, when: int) -> None:
    """Count a play; it takes an episode, its show or a movie off the watchlist."""
    state.watched.setdefault(name, []).append(when)
    state.note(f"watched {find_kind(name)}", when)
    _take_off_watchlist(state, name, when)
    if find_kind(name) == "episodes":
        _take_off_watchlist(state, name.partition("/")[0], when)


def _take_off_watchlist(state: State, name: str, now: int) -> None:
    if state.watchlist.pop(name, None) is not None:
        state.note(f"listed {find_kind(name)}", now)


class Backend:
    """One small Trakt: what it lists, its users as files beside *state_file* remember them, who may ask, its clock.

    *account* is the one that a request is about.
    """

    def __init__(self, cast: Cast, clock: Callable[[], datetime], state_file: Path | None) -> None:
        self.clock = clock
        self.catalogue = Catalogue(cast, clock)
        states = {
            name: StateFile(
                state_file and (state_file if name == USERNAME else state_file.with_name(f"state-{name}.json")),
                partial(make_first_state, name, self.catalogue, clock()),
            )
            for name in PASSWORDS
        }
        self.state = states[USERNAME]
        self.accounts = {name: Account(name, state, clock) for name, state in states.items()}
        self.account = self.accounts[USERNAME]
        self.auth = Auth(states, clock)

    def choose(self, username: str) -> "Backend":
        """The same Trakt, for a request that is about this user."""
        chosen = copy.copy(self)
        chosen.account = self.accounts[username]
        return chosen
