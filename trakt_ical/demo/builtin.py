"""The built-in Trakt as a program runs it: started, asked for a token, told to misbehave, stopped."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Self

from trakt_ical.demo import auth, tvmaze, v1, v2
from trakt_ical.demo.account import Backend
from trakt_ical.demo.cast import Cast, load_cast
from trakt_ical.demo.control import Control
from trakt_ical.demo.faults import V1_PATHS, Drop, Faults
from trakt_ical.demo.http_server import Delivery, HTTPServer
from trakt_ical.demo.messages import Answer, Refusal, Request


class Demo:
    """A small Trakt on a loopback port, for as long as its `with` block.

    *port* 0 takes any free one. *state_file* keeps tokens, check-in, history and hidden shows between runs.
    """

    client_id = auth.CLIENT_ID
    client_secret = auth.CLIENT_SECRET
    api_key = auth.API_KEY
    username = auth.USERNAME
    password = auth.PASSWORDS[username]

    def __init__(
        self,
        *,
        port: int = 0,
        state_file: Path | None = None,
        now: Callable[[], datetime] | None = None,
        cast: Cast | None = None,
    ) -> None:
        self._clock = now or partial(datetime.now, UTC)
        self.backend = Backend(cast or load_cast(), self._clock, state_file)
        self.fresh = self.backend.state.is_fresh  # nothing was remembered from an earlier run
        self.requests: list[Request] = []  # oldest first, without those to /demo itself
        self._port = port
        self.faults = Faults()
        self._control = Control(self.backend, self.faults, self.requests)

    def __enter__(self) -> Self:
        self._server = HTTPServer(self._port, self._deliver)
        self.backend.auth.url = self._server.url
        self.url = self._server.url  # without a slash at its end
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop()

    def grant(self, username: str = username) -> dict[str, Any]:
        """A new token of a user that is good here, as `POST /oauth/token` answers it."""
        return self.backend.auth.grant_token(username)

    def _deliver(self, request: Request) -> Delivery:
        # Requests to /demo steer the faults: they are neither remembered nor hit by them, or a fault that hits
        # every request could never be taken back.
        if request.path == "/demo" or request.path.startswith("/demo/"):
            return Delivery(self._control.answer(request), self._clock())
        self.requests.append(request)
        fault = self.faults.take(request, self.backend.auth.find_user(request.bearer()))
        if fault is None:
            return Delivery(self._answer(request), self._clock())
        if fault.drop is not None:
            if fault.drop is Drop.AFTER:
                self._answer(request)
            return Delivery(None, self._clock(), fault.delay)
        date = self._clock() + fault.date_offset
        return Delivery(fault.spoil(request, self._answer), date, fault.delay, fault.truncate)

    def _answer(self, request: Request) -> Answer:
        trakt = v1.answer if request.path.startswith(V1_PATHS) else v2.answer
        try:
            return tvmaze.answer(self.backend, request) or trakt(self.backend, request)
        except Refusal as refusal:
            return refusal.answer
