"""What the answers of the demo are made from."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from trakt_ical.demo.airing import Airing
from trakt_ical.demo.catalogue import Catalogue
from trakt_ical.demo.devices import Devices
from trakt_ical.demo.hidden import Hidden
from trakt_ical.demo.history import History
from trakt_ical.demo.outset import first_state
from trakt_ical.demo.show import Cast, Movie, Show
from trakt_ical.demo.state import Store
from trakt_ical.demo.tokens import Tokens
from trakt_ical.demo.watchlist import Watchlist

YEARS = range(2, 9999)  # that calendars may be asked for, so that their days and those around them are days


@dataclass(frozen=True)
class Identity:
    """Who the user is and which application asks. The same in every demo."""

    client_id: str = "demo-client-id"
    client_secret: str = "demo-client-secret"  # noqa: S105 - opens nothing but a demo
    api_key: str = "demo-api-key"  # API v1, allowed to check in
    reading_key: str = "demo-reading-key"  # API v1, not allowed to
    username: str = "demo"
    password: str = "demo-password"  # noqa: S105 - likewise


@dataclass
class World:
    """One small Trakt: what it lists, its user and its clock."""

    catalogue: Catalogue
    tokens: Tokens
    history: History
    watchlist: Watchlist
    hidden: Hidden
    devices: Devices
    clock: Callable[[], datetime]
    fresh: bool  # nothing was remembered from an earlier run
    identity: Identity = field(default_factory=Identity)
    protected: bool = False  # the profile, in API v1
    url: str = ""  # known once the port is

    def follows(self) -> Callable[[Airing | Movie], bool]:
        """What tells whether something is in the user's own calendar: watched once, or on the watchlist."""
        listed, played = self.watchlist.names(), {name.partition("/")[0] for name in self.history.names()}

        def followed(what: Airing | Movie) -> bool:
            if isinstance(what, Movie):
                return what.mine or what.name in listed
            show = what.show
            return show.watched or show.name in listed or show.name in played or what.name in listed

        return followed

    def show(self, slug: str) -> Show:
        """A show of the cast. Raises LookupError for any other."""
        found = self.catalogue.show(slug)
        if found is None:
            raise LookupError(f"There is no show {slug}.")
        return found

    def movie(self, slug: str) -> Movie:
        """A movie of the cast. Raises LookupError for any other."""
        found = self.catalogue.movie(slug)
        if found is None:
            raise LookupError(f"There is no movie {slug}.")
        return found

    def airing(self, slug: str, season: int, number: int) -> Airing:
        """An episode of a show of the cast. Raises LookupError for any other."""
        found = self.catalogue.airing(self.show(slug), season, number)
        if found is None:
            raise LookupError(f"There is no {slug} {season}x{number:02d}.")
        return found

    def hide(self, slug: str, section: str) -> None:
        """Hide a show of the cast. Raises LookupError for any other."""
        self.hidden.hide(self.show(slug).name, section)

    def unhide(self, slug: str) -> None:
        """Show a show of the cast again. Raises LookupError for any other."""
        self.hidden.unhide(self.show(slug).name)


def open_world(cast: Cast, clock: Callable[[], datetime], *, state_file: Path | None, interval: int) -> World:
    """The world as *state_file* remembers it, or a new one."""
    catalogue = Catalogue(cast, clock)
    store = Store(state_file, lambda: first_state(catalogue, clock()))
    return World(
        catalogue=catalogue,
        tokens=Tokens(store, clock),
        history=History(store, clock),
        watchlist=Watchlist(store, clock),
        hidden=Hidden(store, clock),
        devices=Devices(clock, interval),
        clock=clock,
        fresh=store.fresh,
    )
