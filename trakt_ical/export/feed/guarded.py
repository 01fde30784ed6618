"""HTTP for strangers: who sends an endless request, never ends one, or never reads holds no connection for ever."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

LONGEST_HEAD = 32 * 1024  # octets of a request's line and header fields; the server itself has no limit
AHEAD = 50  # requests that may wait for the answers before theirs; the server itself would pile up any number
PATIENCE = 20.0  # seconds for a whole request
READING = 6  # times as long for the better part of what is sent to be read
TOO_LARGE = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\nContent-Length: 0\r\nConnection: close\r\n"
    b"Cache-Control: no-store\r\n\r\n"
)


class Guarded(HttpToolsProtocol):
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
