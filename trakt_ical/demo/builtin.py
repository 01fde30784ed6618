"""The built-in Trakt as a program runs it: started, asked for a token, told to misbehave, stopped."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from trakt_ical.demo import auth
from trakt_ical.demo.backend import Backend
from trakt_ical.demo.cast import Cast, load_cast
from trakt_ical.demo.control import Control
from trakt_ical.demo.faults import V1_PATHS, Drop, Faults
from trakt_ical.demo.http_server import Delivery, HTTPServer
from trakt_ical.demo.messages import Answer, Refusal, Request
from trakt_ical.demo.v1 import V1
from trakt_ical.demo.v2 import V2


def real_now() -> datetime:
    """The time of this machine's clock."""
    return datetime.now(UTC)


class Demo:
    """A small Trakt on a loopback port, for as long as its `with` block.

    *port* 0 takes any free one. *state_file* keeps tokens, check-in, history and hidden shows
    between runs. *interval* is the polling interval a login asks for, in seconds.
    """

    client_id = auth.CLIENT_ID
    client_secret = auth.CLIENT_SECRET
    api_key = auth.API_KEY
    username = auth.USERNAME
    password = auth.PASSWORD

    def __init__(
        self,
        *,
        port: int = 0,
        state_file: Path | None = None,
        now: Callable[[], datetime] = real_now,
        cast: Cast | None = None,
        interval: int = 5,
    ) -> None:
        self.backend = Backend(cast or load_cast(), now, state_file, interval)
        self.fresh = self.backend.state.is_fresh  # nothing was remembered from an earlier run
        self.requests: list[Request] = []  # oldest first, without those to /demo itself
        self._port = port
        self._clock = now
        self.faults = Faults()
        self._v1 = V1(self.backend)
        self._v2 = V2(self.backend)
        self._control = Control(self.backend, self.faults, self.requests)

    def __enter__(self) -> Self:
        self._server = HTTPServer(self._port, self._deliver)
        self.backend.auth.url = self._server.url
        self.url = self._server.url  # without a slash at its end
        self._server.start()
        return self

    def __exit__(
        self, error: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.stop()

    def grant(self) -> dict[str, Any]:
        """A new token that is good here, as `POST /oauth/token` answers it."""
        return self.backend.auth.grant_token()

    def _deliver(self, request: Request) -> Delivery:
        # Requests to /demo steer the faults: they are neither remembered nor hit by them, or a fault that hits
        # every request could never be taken back.
        if request.path == "/demo" or request.path.startswith("/demo/"):
            return Delivery(self._control.answer(request), self._clock())
        self.requests.append(request)
        fault = self.faults.take(request)
        if fault is None:
            return Delivery(self._answer(request), self._clock())
        if fault.drop is not None:
            if fault.drop is Drop.AFTER:
                self._answer(request)
            return Delivery(None, self._clock(), fault.delay)
        date = self._clock() + fault.date_offset
        return Delivery(fault.spoil(request, self._answer), date, fault.delay, fault.truncate)

    def _answer(self, request: Request) -> Answer:
        api = self._v1 if request.path.startswith(V1_PATHS) else self._v2
        try:
            return api.answer(request)
        except Refusal as refusal:
            return refusal.answer
