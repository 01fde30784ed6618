"""What subscribers and strangers send to the feed: each row of the second table about an address or a header."""

from __future__ import annotations

import contextlib
import socket
import unicodedata
from collections.abc import Iterator
from typing import Any, cast
from urllib.parse import quote, urlsplit

from tests.cases.trial import Trial, case
from tests.conftest import SHARED, Line
from tests.feeds import RunningFeed, run_feed
from tests.readers import Exports


@contextlib.contextmanager
def serve(trial: Trial, name: str = "Trakt") -> Iterator[RunningFeed]:
    """Serve the plain calendar as *name*."""
    trial.load("34", config=f'[calendar."{name}"]\n')
    environ = trial.make_environ()
    del environ["TRAKT_ICAL_OUTPUT"]
    line = Line(cast(Any, None), trial.clock, trial.home, Exports(), environ)
    with run_feed(line, refresh=60) as running:
        running.renew()
        yield running


def send_raw(running: RunningFeed, octets: bytes) -> bytes:
    """Return what is answered to *octets*."""
    place = urlsplit(running.base)
    with socket.create_connection((place.hostname, place.port), timeout=60) as connection:
        connection.sendall(octets)
        return b"".join(iter(lambda: connection.recv(2**16), b""))


@case("programs: the address altered")
def try_altered_addresses(trial: Trial) -> str:
    """The secret alone finds the calendar, whatever follows it."""
    with serve(trial, "Série à voir") as running:
        secret = running.path.split("/")[1]
        names = ["", "/", "/Série à voir", "/x.Ics", "/S+V.ics", "/a%2520b.ics", "/x.ics/", "/" + "y" * 200]
        names.append("/" + quote(unicodedata.normalize("NFD", "Série à voir")) + ".ics")
        found = [running.get(f"{running.base}/{secret}{name}").status_code for name in names]
        head = f"GET /{secret}/Série.ics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode()
        assert send_raw(running, head).startswith(b"HTTP/1.1 200")
        assert found == [200] * len(names)
        assert running.get(f"{running.base}/{secret[:-1]}/x.ics").status_code == 404
    return f"{len(names) + 1} forms 200, a wrong secret 404"


@case("programs: ETag with a proxy's suffix")
def try_etags(trial: Trial) -> str:
    """304 for each."""
    with serve(trial) as running:
        tag = running.get().headers["ETag"].strip('"')
        suffixes = ("", "-br", "-zstd", "-gzip", "-gzip-gzip", "-br-gzip")
        sent = [f'"{tag}{suffix}"' for suffix in suffixes] + [f'W/"{tag}-gzip"', f'"x", W/"{tag}"', "*"]
        found = [running.get(headers={"If-None-Match": each}).status_code for each in sent]
        assert found == [304] * len(sent)
        assert running.get(headers={"If-None-Match": f'"{tag}x"'}).status_code == 200
    return f"{len(sent)} forms 304"


@case("programs: web programs of another origin")
def try_origins(trial: Trial) -> str:
    """`Access-Control-Allow-Origin: *` on the calendar alone."""
    with serve(trial) as running:
        name = "Access-Control-Allow-Origin"
        seen = [
            running.get(url, headers={"Origin": "https://x"}).headers.get(name)
            for url in ("", running.page, f"{running.base}/healthz", f"{running.base}/x")
        ]
    assert seen == ["*", None, None, None]
    return f"calendar, page, healthz, 404: {seen}"


@case("attack: a stranger without a secret")
def try_stranger(trial: Trial) -> str:
    """Never a 500: a link that was never given is not there."""
    raw = (SHARED / "cases" / "attack" / "stranger-500.http").read_bytes().replace(b"\r\n", b"\n")
    with serve(trial) as running:
        answer = send_raw(running, raw.strip().replace(b"\n", b"\r\n") + b"\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 404"), answer[:200]
    return answer.splitlines()[0].decode()
