"""The web server: takes a port, serves until it is told to end, and then ends soon.

It is uvicorn with uvloop and httptools, chosen by measurement: see tests/benchmarks/README.md. Many feeds stand on the
internet without a proxy before them, so the guard below adds the limits on slow and greedy clients that uvicorn lacks.
"""

from __future__ import annotations

import asyncio
import errno
import functools
import re
import signal
import socket
import threading
from collections.abc import Callable, Collection, Container, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from trakt_ical.errors import OutputError
from trakt_ical.feed.asgi import Application
from trakt_ical.http import ListenAddress

MAX_HEAD = 32 * 1024  # octets of a request's line and header fields; uvicorn has no limit
MAX_PIPELINED = 50  # requests that may wait for the answers before theirs; uvicorn would pile up any number
REQUEST_TIMEOUT = 20.0  # seconds for a whole request to arrive
READ_FACTOR = 6  # a client has so many times as long to read what was sent: a phone on a bad line is slow, not hostile
HEAD_TOO_LARGE = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\nContent-Length: 0\r\nConnection: close\r\n"
    b"Cache-Control: no-store\r\n\r\n"
)
VERSION_NOT_SUPPORTED = (
    b"HTTP/1.1 505 HTTP Version Not Supported\r\nContent-Length: 0\r\nConnection: close\r\n"
    b"Cache-Control: no-store\r\n\r\n"
)
VERSIONS = ("1.0", "1.1")
NO_VERSION = "0.0"  # what the parser reports before it has read one
_NOT_ASCII = re.compile(rb"[\x80-\xff]")


class GuardedProtocol(HttpToolsProtocol):
    """uvicorn's HTTP protocol, with limits on what one connection may hold; *request_timeout* is in seconds.

    Two timers guard a connection: one runs while a request is incomplete, the other while the client does not read.
    The methods overridden here are private to uvicorn, so pyproject.toml bounds its version; the tests of hostile
    clients in tests/feed/test_server.py tell whether they still mean the same in a newer one.
    """

    def __init__(self, *args: Any, request_timeout: float = REQUEST_TIMEOUT, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._request_timeout = request_timeout
        self._in_line = self._in_head = self._in_request = False
        self._head_length = 0  # octets
        self._cycle_in_progress: RequestResponseCycle | None = None
        self._request_timer: asyncio.TimerHandle | None = None
        self._read_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        # uvicorn's idle timeout begins after the first answer. Without this timer, a client that connects and says
        # nothing keeps a file descriptor for ever; a few thousand of them would keep everybody else out.
        self._start_request_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_request_timer()
        self._stop_read_timer()
        # uvicorn marks only the newest request as disconnected. With pipelined requests the one being answered is
        # an older one, and its answer would be written to a closed transport, a warning in the log for each.
        if self._cycle_in_progress is not None:
            self._cycle_in_progress.disconnected = True
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._head_length += len(data)
        super().data_received(self._escape_request_line(data))
        if not self._in_head:
            self._head_length = 0
        if self.transport.is_closing():  # uvicorn refused the request; the refusal must be read in time
            self._start_read_timer()
        elif self._head_length > MAX_HEAD:
            # Neither uvicorn nor httptools limits a head: one endless header field would fill the memory.
            self.transport.write(HEAD_TOO_LARGE)
            self._close()
        elif self._in_request or self._has_no_timeout:
            self._start_request_timer()

    def on_message_begin(self) -> None:
        if len(self.pipeline) >= MAX_PIPELINED:
            # httptools reports what a callback raises as a parser error, so uvicorn answers 400 and closes.
            raise ValueError("more requests than can be answered")
        self._in_head = self._in_request = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._in_head = False
        version = self.parser.get_http_version()
        hosts = sum(name == b"host" for name, _ in self.headers)
        # RFC 9112 §3.2 asks for 400 without Host, or with two: a proxy might have gone by the other one.
        if version not in VERSIONS or hosts > 1 or (version != "1.0" and not hosts):
            raise ValueError("a version or a host that is not answered")
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:
        if self.parser.get_http_version() in (NO_VERSION, *VERSIONS):
            super().send_400_response(msg)
        else:
            self.transport.write(VERSION_NOT_SUPPORTED)
            self.transport.close()

    def on_message_complete(self) -> None:
        self._in_request = False
        self._stop_request_timer()
        super().on_message_complete()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._cycle_in_progress = cycle
        super()._start_asgi_task(cycle, app)

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.transport.is_closing():
            self._start_read_timer()

    def eof_received(self) -> bool:  # type: ignore[override]
        """Keep the connection while a whole request is answered: its client may read although it writes no more."""
        if self._in_request or self.cycle is None or self.cycle.response_complete:
            return False
        self.cycle.keep_alive = False
        return True

    def timeout_keep_alive_handler(self) -> None:
        # uvicorn closes an idle connection here, but a transport with unsent octets stays open until they are read.
        self._close()

    def pause_writing(self) -> None:
        # The transport's buffer is full, because the client does not read. It may be slow, so it gets some time.
        super().pause_writing()
        self._start_read_timer()

    def resume_writing(self) -> None:
        super().resume_writing()
        if not self.transport.is_closing():
            self._stop_read_timer()

    def _escape_request_line(self, data: bytes) -> bytes:
        """Return *data* with the octets of a request line percent-encoded that are not ASCII.

        Some programs send the name of a calendar as raw UTF-8, which the parser refuses. Only the first line of what
        arrives between two requests is looked at: who sends several at once encodes them well.
        """
        is_line = self._in_line or not self._in_request
        if not is_line or data.isascii():
            self._in_line = is_line and b"\n" not in data.lstrip(b"\r\n")
            return data
        start = len(data) - len(data.lstrip(b"\r\n"))
        end = data.find(b"\n", start)
        self._in_line = end < 0
        end = len(data) if end < 0 else end
        line = _NOT_ASCII.sub(lambda octet: b"%%%02X" % ord(octet[0]), data[start:end])
        return data[:start] + line + data[end:]

    @property
    def _has_no_timeout(self) -> bool:
        """Whether no timer of uvicorn runs although nothing is being answered.

        Any octet stops its idle timer, also a line break between requests or what follows a refused upgrade. As
        these begin no request, nothing would start the timer again.
        """
        is_answered = self.cycle is not None and self.cycle.response_complete
        return is_answered and self.timeout_keep_alive_task is None

    def _start_request_timer(self) -> None:
        # A running timer goes on: one octet every few seconds must not put off the end.
        if self._request_timer is None:
            self._request_timer = self.loop.call_later(self._request_timeout, self._close)

    def _stop_request_timer(self) -> None:
        if self._request_timer is not None:
            self._request_timer.cancel()
            self._request_timer = None

    def _start_read_timer(self) -> None:
        # `abort`, not `close`: closing waits until everything is sent, which is what never happens here.
        if self._read_timer is None:
            self._read_timer = self.loop.call_later(READ_FACTOR * self._request_timeout, self.transport.abort)

    def _stop_read_timer(self) -> None:
        if self._read_timer is not None:
            self._read_timer.cancel()
            self._read_timer = None

    def _close(self) -> None:
        """Close the connection once the client has read what was sent, or its time to do so is over."""
        self.transport.close()
        self._start_read_timer()


SHUTDOWN_TIMEOUT = 3  # seconds for requests in flight, once the server is told to end
IDLE_TIMEOUT = 65  # seconds; a proxy that reuses a connection must be the one to end it, and nginx keeps it for 60
BACKLOG = 2048  # connections that wait to be accepted


BOTH_FAMILIES = {"localhost": ("127.0.0.1", "::1"), "::": ("::", "0.0.0.0")}  # noqa: S104  users may set it
NOT_HERE = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)  # what a machine without IPv6 says to an address of it


@contextmanager
def open_listeners(addresses: Iterable[ListenAddress]) -> Iterator[list[socket.socket]]:
    """Open sockets that listen at *addresses*, one or more for each; port 0 takes a free one.

    Raises OutputError where one of the addresses cannot be listened at.
    """
    with ExitStack() as stack:
        listeners: dict[object, socket.socket] = {}
        for address in addresses:
            try:
                for place, listener in _open_places(address, listeners):
                    listeners[place] = stack.enter_context(listener)
            except OSError as error:
                raise OutputError(f"The feed cannot listen at {address}: {_describe_error(error)}.") from error
        yield list(listeners.values())


def _open_places(address: ListenAddress, known: Container[object]) -> Iterator[tuple[object, socket.socket]]:
    """Open a socket at each place of *address* that is not *known*. Raises OSError."""
    # A socket for each family, not one for both: there, a proxy at 127.0.0.1 would appear as ::ffff:127.0.0.1, which
    # nobody writes into trusted_proxies.
    port, missing, found = address.port, [], False
    for host in BOTH_FAMILIES.get(address.host, (address.host,)):
        for family, *_, place in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE):
            if place in known:
                found = True
                continue
            try:
                listener = socket.create_server((place[0], port, *place[2:]), family=family, backlog=BACKLOG)
            except OSError as error:
                # Any other error counts even where another place is served: requests would reach another program.
                if error.errno not in NOT_HERE:
                    raise
                missing.append(error)
                continue
            found, port = True, listener.getsockname()[1]
            yield place, listener
    if not found:
        raise missing[0]


def _describe_error(error: OSError) -> str:
    match error.errno:
        case errno.EADDRINUSE:
            return "another program uses this port. End that program, or choose another port with listen"
        case errno.EACCES:
            return "you may not use a port below 1024. Choose another port with listen"
        case _:
            return f"{(error.strerror or str(error)).rstrip('.')}. Check listen"


class WebServer:
    """Serves *application* at the sockets *listeners*; *every_second* is called each second, in a thread.

    Only *trusted_proxies* may say in header fields whom they ask for, and by which scheme. A client has
    *request_timeout* seconds to send a request.
    """

    def __init__(
        self,
        application: Application,
        listeners: Sequence[socket.socket],
        every_second: Callable[[], object],
        trusted_proxies: Collection[str] = (),
        request_timeout: float = REQUEST_TIMEOUT,
    ) -> None:
        self._listeners = listeners
        self._every_second = every_second
        self._server = uvicorn.Server(
            uvicorn.Config(
                application,
                http=functools.partial(GuardedProtocol, request_timeout=request_timeout),  # type: ignore[arg-type]
                ws="none",
                lifespan="off",
                log_config=None,
                log_level="error",
                access_log=False,  # it would write down the secrets
                server_header=False,
                proxy_headers=bool(trusted_proxies),
                forwarded_allow_ips=list(trusted_proxies),
                timeout_keep_alive=IDLE_TIMEOUT,
                timeout_graceful_shutdown=SHUTDOWN_TIMEOUT,
                backlog=BACKLOG,
                callback_notify=self._notify,
                timeout_notify=1,
            )
        )

    def run(self) -> None:
        """Serve until SIGTERM, Ctrl-C or `stop`."""
        _raise_connection_limit()
        with _handle_signals(self.stop), asyncio.Runner(loop_factory=self._server.config.get_loop_factory()) as runner:
            runner.run(self._server.serve(sockets=list(self._listeners)))

    def stop(self) -> None:
        """Let `run` end, from any thread."""
        self._server.should_exit = True

    async def _notify(self) -> None:
        await asyncio.to_thread(self._every_second)


def _raise_connection_limit() -> None:
    """Accept as many connections as the system allows this process: one stranger can hold the usual 1,024 open."""
    with suppress(ImportError, OSError, ValueError):  # Windows has no such limit; elsewhere it may be forbidden
        import resource

        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


@contextmanager
def _handle_signals(stop: Callable[[], object]) -> Iterator[None]:
    """Treat SIGTERM and Ctrl-C as an ordinary end.

    uvicorn handles both only while it serves, and raises them again afterwards. Without handlers of ours, a signal
    during start-up or the repeated one would end the process with a traceback or a status other than 0.
    """
    if threading.current_thread() is not threading.main_thread():  # Python allows handlers only there
        yield
        return

    def handle(number: int, frame: object) -> None:  # noqa: ARG001  the signature of handlers
        stop()

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
