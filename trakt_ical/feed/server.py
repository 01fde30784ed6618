"""The web server: takes a port, serves until it is told to end, and then ends soon.

It is uvicorn with uvloop and httptools, by its figures: see tests/benchmarks/README.md.
"""

from __future__ import annotations

import asyncio
import errno
import functools
import signal
import socket
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from trakt_ical.errors import OutputError
from trakt_ical.feed.asgi import Application
from trakt_ical.http import ListenAddress

LONGEST_HEAD = 32 * 1024  # octets of a request's line and header fields; the server itself has no limit
AHEAD = 50  # requests that may wait for the answers before theirs; the server itself would pile up any number
PATIENCE = 20.0  # seconds for a whole request
READING = 6  # times as long for the better part of what is sent to be read
TOO_LARGE = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\nContent-Length: 0\r\nConnection: close\r\n"
    b"Cache-Control: no-store\r\n\r\n"
)


class GuardedProtocol(HttpToolsProtocol):
    """The server's own protocol, with limits that it lacks; *patience* is in seconds."""

    def __init__(self, *args: Any, patience: float = PATIENCE, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._patience = patience
        self._in_head = self._in_request = False
        self._head = 0  # octets
        self._answered: RequestResponseCycle | None = None
        self._asking: asyncio.TimerHandle | None = None
        self._reading: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._expect_request()

    def connection_lost(self, exc: Exception | None) -> None:
        self._at_ease()
        self._was_read()
        if self._answered is not None:
            self._answered.disconnected = True  # the server tells the newest request alone
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._head += len(data)
        super().data_received(data)
        if not self._in_head:
            self._head = 0
        if self.transport.is_closing():
            self._expect_reading()
        elif self._head > LONGEST_HEAD:
            self.transport.write(TOO_LARGE)
            self._hang_up()
        elif self._in_request or self._unattended:
            self._expect_request()

    def on_message_begin(self) -> None:
        if len(self.pipeline) >= AHEAD:
            raise ValueError("more requests than can be answered")  # the server takes it for an invalid one
        self._in_head = self._in_request = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._in_head = False
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._in_request = False
        self._at_ease()
        super().on_message_complete()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._answered = cycle
        super()._start_asgi_task(cycle, app)

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.transport.is_closing():
            self._expect_reading()

    def timeout_keep_alive_handler(self) -> None:
        self._hang_up()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._expect_reading()

    def resume_writing(self) -> None:
        super().resume_writing()
        if not self.transport.is_closing():
            self._was_read()

    @property
    def _unattended(self) -> bool:
        """Whether the server waits without a limit: it does after octets that belong to no request."""
        answered = self.cycle is not None and self.cycle.response_complete
        return answered and self.timeout_keep_alive_task is None

    def _expect_request(self) -> None:
        if self._asking is None:
            self._asking = self.loop.call_later(self._patience, self._hang_up)

    def _at_ease(self) -> None:
        if self._asking is not None:
            self._asking.cancel()
            self._asking = None

    def _expect_reading(self) -> None:
        if self._reading is None:
            self._reading = self.loop.call_later(READING * self._patience, self.transport.abort)

    def _was_read(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
            self._reading = None

    def _hang_up(self) -> None:
        """Close the connection once what was sent is read, or given up."""
        self.transport.close()
        self._expect_reading()


GRACE = 3  # seconds for requests in flight, once the end has come
IDLE = 65  # seconds that an idle connection is kept; longer than proxies keep theirs
BACKLOG = 2048


def open_listener(address: ListenAddress) -> socket.socket:
    """A socket that listens at *address*; port 0 takes a free one. Raises OutputError where it is not to be had."""
    try:
        (family, *_, place), *_ = socket.getaddrinfo(*address, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        return socket.create_server(place[:2], family=family, backlog=BACKLOG)
    except OSError as error:
        match error.errno:
            case errno.EADDRINUSE:
                reason = "another program has this port. End that one, or choose another port with listen"
            case errno.EACCES:
                reason = "this user may not take a port below 1024. Choose another one with listen"
            case _:
                reason = f"{(error.strerror or str(error)).rstrip('.')}. Check listen"
        raise OutputError(f"The feed cannot listen at {address}: {reason}.") from error


class WebServer:
    """Serves *application* at the socket *listener*; *tick* is called each second, in a thread beside it.

    Header fields that tell whom a proxy asks for are believed of *trusted_proxies* alone. *patience* is how many
    seconds a client has for the head of its request.
    """

    def __init__(
        self,
        application: Application,
        listener: socket.socket,
        tick: Callable[[], object],
        trusted_proxies: Collection[str] = (),
        patience: float | None = None,
    ) -> None:
        import uvicorn

        self._listener = listener
        self._tick = tick
        self._server = uvicorn.Server(
            uvicorn.Config(
                application,
                http=functools.partial(GuardedProtocol, patience=patience or PATIENCE),  # type: ignore[arg-type]
                ws="none",
                lifespan="off",
                log_config=None,
                log_level="error",
                access_log=False,
                server_header=False,
                proxy_headers=bool(trusted_proxies),
                forwarded_allow_ips=list(trusted_proxies),
                timeout_keep_alive=IDLE,
                timeout_graceful_shutdown=GRACE,
                backlog=BACKLOG,
                callback_notify=self._notified,
                timeout_notify=1,
            )
        )

    def run(self) -> None:
        """Serve until SIGTERM, Ctrl-C or `stop`."""
        _allow_connections()
        with _handle_signals(self.stop), asyncio.Runner(loop_factory=self._server.config.get_loop_factory()) as runner:
            runner.run(self._server.serve(sockets=[self._listener]))

    def stop(self) -> None:
        """Let `run` end, from any thread."""
        self._server.should_exit = True

    async def _notified(self) -> None:
        await asyncio.to_thread(self._tick)


def _allow_connections() -> None:
    """Take as many connections as the system lets this process have: the usual 1,024 one stranger can hold open."""
    with suppress(ImportError, OSError, ValueError):  # none on Windows; forbidden here
        import resource

        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


@contextmanager
def _handle_signals(stop: Callable[[], object]) -> Iterator[None]:
    """Let SIGTERM and Ctrl-C be an ordinary end: before the server listens for them, and when it repeats them."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    both = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.signal(number, lambda number, frame: stop()) for number in both}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
