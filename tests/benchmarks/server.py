"""A server of ready answers on a loopback port, in a process of its own, as far away as *delay* says."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import gzip
import hashlib
import json
import multiprocessing
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from multiprocessing.connection import Connection

from tests.benchmarks.answers import Listing

CLOSED = (asyncio.IncompleteReadError, ConnectionResetError)


@contextlib.contextmanager
def running(listing: Listing, *, delay: float = 0) -> Iterator[str]:
    """The address of a server that answers from *listing*, each time *delay* seconds late.

    It makes an answer when that is first asked for: in the round of warming up.
    """
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(listing, delay, theirs), daemon=True)
    process.start()
    theirs.close()  # so that a server that never came about ends the waiting for its port
    try:
        yield f"http://127.0.0.1:{ours.recv()}"
    finally:
        process.terminate()
        process.join()


def _serve(listing: Listing, delay: float, parent: Connection) -> None:
    asyncio.run(_answer_all(listing, delay, parent))


async def _answer_all(listing: Listing, delay: float, parent: Connection) -> None:
    answer = functools.cache(functools.partial(_answer, listing))

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(*CLOSED):
            while True:
                request = await reader.readuntil(b"\r\n\r\n")
                await asyncio.sleep(delay)
                writer.write(_head() + answer(request.split()[1].decode().partition("?")[0]))
                await writer.drain()
        writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    parent.send(server.sockets[0].getsockname()[1])
    await server.serve_forever()


def _head() -> bytes:
    return f"HTTP/1.1 200 OK\r\nDate: {format_datetime(datetime.now(UTC), usegmt=True)}\r\n".encode()


def _answer(listing: Listing, path: str) -> bytes:
    """All of the answer to *path* that follows its `Date`; packed, as Trakt's are for whoever takes gzip."""
    body, lines = b"[]", []
    if path.startswith("/calendars/"):
        first, days = date.fromisoformat(path.split("/")[-2]), int(path.split("/")[-1])
        body = listing.body(first, days)
        start = datetime(first.year, first.month, first.day, tzinfo=UTC)
        lines.append(f"X-Start-Date: {format_datetime(start, usegmt=True)}")
        lines.append(f"X-End-Date: {format_datetime(start + timedelta(days=days, seconds=-1), usegmt=True)}")
    if path == "/checkin":
        body = json.dumps({"id": 1, "watched_at": f"{datetime.now(UTC).isoformat()}", "sharing": {}}).encode()
    body = gzip.compress(body, 6)
    lines += [
        "Content-Encoding: gzip",
        "Content-Type: application/json; charset=utf-8",
        "Cache-Control: max-age=0, private, must-revalidate",
        f'ETag: W/"{hashlib.blake2b(body, digest_size=16).hexdigest()}"',
        f"Content-Length: {len(body)}",
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body
