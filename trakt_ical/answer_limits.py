"""An adapter of `requests` that ends an answer which takes too long.

The time-out of a socket counts from one octet to the next. A server that sends one octet each minute would hold a run,
and the lock of its calendar, for ever.
"""

from __future__ import annotations

import contextlib
import http.client
import io
import socket
import threading
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

if TYPE_CHECKING:
    from urllib3 import PoolManager


class AnswerTooSlow(TimeoutError):
    """An answer was not whole in time."""


class _Waiting(threading.local):
    """Until when the answer to this thread's request may take, in seconds of `time.monotonic`."""

    end: float = float("inf")


_waiting = _Waiting()


@contextlib.contextmanager
def limit_answer(end: float) -> Iterator[None]:
    """Let answers in this thread take until *end*, in seconds of `time.monotonic`."""
    # A token is renewed while another request is put together, and has a limit of its own.
    before, _waiting.end = _waiting.end, end
    try:
        yield
    finally:
        _waiting.end = before


class _LimitedReader(io.RawIOBase):
    """Reads from *sock* by way of *raw*, until the limit of this thread is reached."""

    def __init__(self, raw: Any, sock: socket.socket) -> None:
        self._raw = raw
        self._sock = sock
        self._patience = sock.gettimeout()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        left = _waiting.end - time.monotonic()
        if left <= 0:
            raise AnswerTooSlow("the answer took too long")
        is_last = self._patience is None or left < self._patience
        self._sock.settimeout(min(left, 2**31) if is_last else self._patience)
        try:
            count: int = self._raw.readinto(buffer)
        except TimeoutError as error:
            if is_last:
                raise AnswerTooSlow("the answer took too long") from error
            raise
        finally:
            self._sock.settimeout(self._patience)
        return count

    def close(self) -> None:
        if not self.closed:
            self._raw.close()
        super().close()


class _LimitedResponse(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp = io.BufferedReader(_LimitedReader(self.fp.detach(), sock))


class _Connection(HTTPConnection):
    response_class = _LimitedResponse


class _SecureConnection(HTTPSConnection):
    response_class = _LimitedResponse


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


def limit_pools(manager: PoolManager) -> None:
    """Let the connections of *manager* keep to the limit of each thread."""
    manager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}


class LimitedAdapter(HTTPAdapter):
    """An adapter of `requests` whose answers keep to the limit of each thread."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        limit_pools(self.poolmanager)

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(*args, **kwargs)
        limit_pools(manager)
        return manager
