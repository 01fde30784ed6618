"""A server of ready answers on a loopback port, in a process of its own, as far away as *delay* says."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import gzip
import hashlib
import json
import multiprocessing
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from multiprocessing.connection import Connection

from tests.benchmarks.answers import Listing

CLOSED = (asyncio.IncompleteReadError, ConnectionResetError)


@contextlib.contextmanager
def run_server(listing: Listing, *, delay: float = 0) -> Iterator[str]:
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
                whole = answer(request.split()[1].decode().partition("?")[0])
                writer.write(make_not_modified(whole) if has_etag(request, whole) else make_head(200) + whole)
                await writer.drain()
        writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    parent.send(server.sockets[0].getsockname()[1])
    await server.serve_forever()


def make_head(status: int) -> bytes:
    return f"HTTP/1.1 {status} -\r\nDate: {format_datetime(datetime.now(UTC), usegmt=True)}\r\n".encode()


def _find_etag(lines: bytes) -> bytes:
    found = re.search(rb'^(?:ETag|If-None-Match): (W/"\w+")\r$', lines, re.M | re.I)
    return found[1] if found else b""


def has_etag(request: bytes, whole: bytes) -> bool:
    """Whether who sends *request* has the *whole* answer, by its ETag."""
    return b"If-None-Match" in request and _find_etag(request) == _find_etag(whole[:1000])


def make_not_modified(whole: bytes) -> bytes:
    return make_head(304) + b"ETag: " + _find_etag(whole[:1000]) + b"\r\n\r\n"


def _answer(listing: Listing, path: str) -> bytes:
    """All of the answer to *path* that follows its `Date`; packed, as Trakt's are for whoever takes gzip."""
    body, lines = b"[]", []
    if path.startswith("/calendars/"):
        first, days = date.fromisoformat(path.split("/")[-2]), int(path.split("/")[-1])
        body = listing.make_body(first, days)
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
