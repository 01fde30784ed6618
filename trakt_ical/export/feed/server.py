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

from trakt_ical.errors import OutputError
from trakt_ical.export.feed.address import Address
from trakt_ical.export.feed.carrier import Application

GRACE = 3  # seconds for requests in flight, once the end has come
IDLE = 65  # seconds that an idle connection is kept; longer than proxies keep theirs
BACKLOG = 2048


def listening(address: Address) -> socket.socket:
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

        from trakt_ical.export.feed.guarded import PATIENCE, Guarded

        self._listener = listener
        self._tick = tick
        self._server = uvicorn.Server(
            uvicorn.Config(
                application,
                http=functools.partial(Guarded, patience=patience or PATIENCE),  # type: ignore[arg-type]
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
        with _heard(self.stop), asyncio.Runner(loop_factory=self._server.config.get_loop_factory()) as runner:
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
def _heard(stop: Callable[[], object]) -> Iterator[None]:
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
