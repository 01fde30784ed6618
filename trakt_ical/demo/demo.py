"""The demo as a program meets it: started, asked for a token, told to misbehave, stopped."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from trakt_ical.demo.answer import Seen
from trakt_ical.demo.cast import default_cast
from trakt_ical.demo.control import Control
from trakt_ical.demo.faults import Fault, Faults
from trakt_ical.demo.front import Front
from trakt_ical.demo.limits import Limits
from trakt_ical.demo.show import Cast
from trakt_ical.demo.v1.routes import V1
from trakt_ical.demo.v2.routes import V2
from trakt_ical.demo.world import Identity, open_world


def real_now() -> datetime:
    """The time of this machine's clock."""
    return datetime.now(UTC)


class Demo:
    """A small Trakt on a loopback port, for as long as its `with` block.

    *port* 0 takes any free one. *state_file* keeps tokens, check-in, history and hidden shows
    between runs. *interval* is the polling interval a login asks for, in seconds; *get_limit*
    counts GETs in five minutes; *post_limit* is the gap between writes, in seconds (0: none).
    """

    client_id = Identity.client_id
    client_secret = Identity.client_secret
    api_key = Identity.api_key
    reading_key = Identity.reading_key
    username = Identity.username
    password = Identity.password

    def __init__(
        self,
        *,
        port: int = 0,
        state_file: Path | None = None,
        now: Callable[[], datetime] = real_now,
        cast: Cast | None = None,
        interval: int = 5,
        get_limit: int = 500,
        post_limit: float = 1.0,
    ) -> None:
        self._port = port
        cast = cast or default_cast()
        self._world = open_world(cast, now, state_file=state_file, interval=interval)
        self._faults = Faults()
        limits = Limits(now, get_limit=get_limit, post_gap=timedelta(seconds=post_limit))
        self._front = Front(
            v1=V1(self._world).answer,
            v2=V2(self._world, limits).answer,
            control=Control(self._world, self._faults, lambda: self.requests).answer,
            faults=self._faults,
            clock=now,
        )

    def __enter__(self) -> Self:
        from trakt_ical.demo.server import Server

        self._server = Server(self._port, self._front.deliver)
        self._world.url = self._server.url
        self._server.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.stop()

    @property
    def url(self) -> str:
        """The address of both APIs, empty until the demo has started."""
        return self._world.url

    @property
    def fresh(self) -> bool:
        """There was no state file: this is a first start."""
        return self._world.fresh

    @property
    def requests(self) -> list[Seen]:
        """Every request that came in, oldest first, without those to /demo itself."""
        return self._front.requests

    @property
    def shared(self) -> list[dict[str, Any]]:
        """What check-ins posted to other networks: `at`, `message`, `networks`."""
        return self._world.history.shared()

    def grant(self) -> dict[str, Any]:
        """A new token that is good here, as `POST /oauth/token` answers it."""
        return self._world.tokens.grant()

    def expire_tokens(self) -> None:
        """Make every access token too old; refresh tokens stay good."""
        self._world.tokens.expire()

    def misbehave(self, *faults: Fault) -> None:
        """Let these faults wait for requests, behind those that wait already."""
        self._faults.arm(*faults)

    def behave(self) -> None:
        """Forget every fault."""
        self._faults.clear()

    def move(self, show: str, season: int, number: int, by: timedelta) -> None:
        """Air an episode later by so much, or earlier. Raises LookupError if there is none."""
        self._world.catalogue.move((show, season, number), by)

    def rename(self, show: str, season: int, number: int, title: str) -> None:
        """Give an episode another title. Raises LookupError if there is none."""
        self._world.catalogue.rename((show, season, number), title)

    def remove(self, show: str, season: int, number: int) -> None:
        """Take an episode out of every answer. Raises LookupError if there is none."""
        self._world.catalogue.remove((show, season, number))

    def restore(self, show: str, season: int, number: int) -> None:
        """Undo every change of an episode. Raises LookupError if there is none."""
        self._world.catalogue.restore((show, season, number))

    def hide(self, slug: str, section: str = "calendar") -> None:
        """Hide a show, in the section `calendar` or `dropped`."""
        self._world.hide(slug, section)

    def unhide(self, slug: str) -> None:
        """Take a show out of both hidden sections."""
        self._world.unhide(slug)

    def watch(self, show: str, season: int, number: int) -> None:
        """Count an episode as watched just now. Raises LookupError if there is none."""
        self._world.history.watch(self._world.airing(show, season, number))

    def unwatch(self, show: str, season: int, number: int) -> None:
        """Forget that an episode was watched. Raises LookupError if there is none."""
        self._world.history.unwatch(self._world.airing(show, season, number))

    def watchlist(self, slug: str) -> None:
        """Put a show on the watchlist. Raises LookupError if there is none."""
        self._world.watchlist.add(self._world.show(slug))

    def unwatchlist(self, slug: str) -> None:
        """Take a show off the watchlist. Raises LookupError if there is none."""
        self._world.watchlist.remove(self._world.show(slug))

    def protect(self, protected: bool = True) -> None:
        """Close the user's profile to others, as API v1 knows it; False opens it."""
        self._world.protected = protected

    def approve(self, user_code: str) -> None:
        """Allow the login that shows this code. Raises LookupError if none is waiting."""
        self._decide(user_code, allowed=True)

    def deny(self, user_code: str) -> None:
        """Deny the login that shows this code. Raises LookupError if none is waiting."""
        self._decide(user_code, allowed=False)

    def _decide(self, user_code: str, *, allowed: bool) -> None:
        if not self._world.devices.decide(user_code, allowed=allowed):
            raise LookupError(f"No login waits for the code {user_code}.")
