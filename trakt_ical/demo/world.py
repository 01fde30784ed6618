"""What the answers of the demo are made from."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from trakt_ical.demo.catalogue import Catalogue
from trakt_ical.demo.devices import Devices
from trakt_ical.demo.hidden import Hidden, first_hidden
from trakt_ical.demo.history import History
from trakt_ical.demo.show import Cast
from trakt_ical.demo.state import State, Store
from trakt_ical.demo.tokens import Tokens

WATCHED_BEFORE = timedelta(days=14)  # a first start finds everything older than this watched


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
    hidden: Hidden
    devices: Devices
    clock: Callable[[], datetime]
    fresh: bool  # nothing was remembered from an earlier run
    identity: Identity = field(default_factory=Identity)
    protected: bool = False  # the profile, in API v1
    url: str = ""  # known once the port is

    def hide(self, slug: str, section: str) -> None:
        """Hide a show of the cast. Raises LookupError for any other."""
        self.hidden.hide(self._show(slug), section)

    def unhide(self, slug: str) -> None:
        """Show a show of the cast again. Raises LookupError for any other."""
        self.hidden.unhide(self._show(slug))

    def _show(self, slug: str) -> str:
        if self.catalogue.show(slug) is None:
            raise LookupError(f"There is no show {slug}.")
        return slug


def open_world(cast: Cast, clock: Callable[[], datetime], *, state_file: Path | None, interval: int) -> World:
    """The world as *state_file* remembers it, or a new one."""

    def first_state() -> State:
        until = int((clock() - WATCHED_BEFORE).timestamp())
        return State(watched_until=until, hidden=first_hidden(cast, until))

    store = Store(state_file, first_state)
    return World(
        catalogue=Catalogue(cast, clock),
        tokens=Tokens(store, clock),
        history=History(store, clock),
        hidden=Hidden(store, clock),
        devices=Devices(clock, interval),
        clock=clock,
        fresh=store.fresh,
    )
