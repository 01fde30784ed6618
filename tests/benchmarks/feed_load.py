"""The feed under load, against nginx serving the same file, and for a minute with many subscribers at once.

    python -m tests.benchmarks.feed_load [ROUNDS]

It needs wrk and nginx (Debian: `apt-get install --no-install-recommends wrk nginx`).

Limits: 304s at least 0.2, whole calendars 0.4 and packed ones 0.25 times as many as nginx with one worker; with 300
connections for a minute, while the calendar is refreshed, no error, the slowest of 100 within a second, and the memory
at the end at most 1.2 times that of the beginning.
"""

from __future__ import annotations

import contextlib
import functools
import gzip
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

from tests.benchmarks.account import make_home
from tests.benchmarks.answers import Listing
from tests.benchmarks.measure import COMMAND, at_least, at_most, print_lines, take_turns
from tests.benchmarks.server import run_server

LIMITS = {"304": 0.2, "200": 0.4, "gzip": 0.25}
ENTRIES = 222  # a calendar of 200 KB
SOAK = 70  # seconds, so that a refresh each minute falls into it
SLOWEST = 1.0  # seconds
GROWTH = 1.2
DAYS = 100

NGINX = """
daemon off; worker_processes 1; pid {folder}/pid; error_log stderr crit;
events {{ worker_connections 1024; }}
http {{
    access_log off; sendfile on; keepalive_requests 1000000000; types {{ text/calendar ics; }}
    client_body_temp_path {folder}/1; proxy_temp_path {folder}/2; fastcgi_temp_path {folder}/3;
    uwsgi_temp_path {folder}/4; scgi_temp_path {folder}/5;
    server {{ listen 127.0.0.1:{port}; root {folder}/root; gzip_static on; }}
}}
"""


@dataclass(frozen=True)
class Load:
    """What wrk saw: requests *a_second*, the slowest of 100 in *seconds*, and how many *errors*."""

    a_second: float
    seconds: float
    errors: int


def run_wrk(url: str, headers: Mapping[str, str], *, connections: int = 16, seconds: int = 3) -> Load:
    """Ask for *url* as often as it goes."""
    command = make_command(url, headers, connections, seconds)
    return _read(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def make_command(url: str, headers: Mapping[str, str], connections: int, seconds: int) -> list[str]:
    asked = [part for name, value in headers.items() for part in ("-H", f"{name}: {value}")]
    return ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s", "--latency", *asked, url]


def _read(told: str) -> Load:
    rate = re.search(r"Requests/sec:\s+([\d.]+)", told)
    slowest = re.search(r"99%\s+([\d.]+)(us|ms|s|m)", told)
    if rate is None or slowest is None:
        raise RuntimeError(f"wrk says what is not understood: {told}")
    scale = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0}[slowest[2]]
    bad = re.findall(r"(?:Non-2xx or 3xx responses:|connect|read|write|timeout) (\d+)", told)
    return Load(float(rate[1]), float(slowest[1]) * scale, sum(map(int, bad)))


@contextlib.contextmanager
def run_feed(environ: Mapping[str, str]) -> Iterator[tuple[str, int]]:
    """The address of a feed that has its calendar, and the number of its process."""
    with subprocess.Popen([COMMAND, "serve"], env=environ, stderr=subprocess.PIPE, text=True) as served:
        try:
            assert served.stderr is not None
            there = re.search(r"http://[\d.:]+\d", served.stderr.readline())
            assert there
            environ = {**environ, "TRAKT_ICAL_LISTEN": there[0].removeprefix("http://")}
            command = [COMMAND, "feed", "url"]
            url = subprocess.run(command, env=environ, capture_output=True, text=True, check=True).stdout.strip()
            wait_for(url)
            yield url, served.pid
        finally:
            served.terminate()


def wait_for(url: str) -> None:
    for _ in range(200):
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=5):
            return
        time.sleep(0.1)
    raise RuntimeError("The server has nothing to serve.")


@contextlib.contextmanager
def run_nginx(octets: bytes) -> Iterator[str]:
    """The address at which nginx serves *octets*."""
    with tempfile.TemporaryDirectory() as name:
        folder, port = Path(name), 8643
        folder.chmod(0o755)
        (folder / "root").mkdir()
        (folder / "root" / "Trakt.ics").write_bytes(octets)
        (folder / "root" / "Trakt.ics.gz").write_bytes(gzip.compress(octets, 9))
        (folder / "conf").write_text(NGINX.format(folder=folder, port=port))
        with subprocess.Popen([shutil.which("nginx") or "/usr/sbin/nginx", "-c", folder / "conf"]) as served:
            try:
                wait_for(f"http://127.0.0.1:{port}/Trakt.ics")
                yield f"http://127.0.0.1:{port}/Trakt.ics"
            finally:
                served.terminate()


def compare_with_nginx(url: str, rounds: int) -> Iterator[str]:
    """Measure both, turn by turn, and tell."""
    with urllib.request.urlopen(url) as answer:
        octets = answer.read()
    yield f"The feed against nginx, {len(octets):,} octets, 16 connections, medians of {rounds} rounds"
    with run_nginx(octets) as other:
        for name, limit in LIMITS.items():
            measures = {each: functools.partial(run_wrk, each, make_headers(each, name)) for each in (url, other)}
            loads = take_turns(measures, rounds)
            ours, theirs = (median(load.a_second for load in loads[each]) for each in (url, other))
            errors = sum(load.errors for each in loads.values() for load in each)
            yield f"  {name}: {ours:,.0f} and {theirs:,.0f} a second, {errors} errors"
            yield at_least(f"{name}, feed / nginx", ours / theirs, limit)


def make_headers(url: str, name: str) -> dict[str, str]:
    if name == "gzip":
        return {"Accept-Encoding": "gzip"}
    if name == "200":
        return {}
    with urllib.request.urlopen(url) as answer:
        return {"If-None-Match": answer.headers["ETag"]}


def load_for_a_minute(url: str, process: int, environ: Mapping[str, str], others: tuple[str, str]) -> Iterator[str]:
    """Let 300 subscribers ask all the time, while the calendar changes every few seconds, and tell."""
    run_wrk(url, {}, connections=300, seconds=5)
    before = read_memory(process)
    command = make_command(url, {"Accept-Encoding": "gzip"}, 300, SOAK)
    changes, end = 0, time.monotonic() + SOAK
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as asking:
        while time.monotonic() < end - 5:
            changed = {**environ, "TRAKT_ICAL_API_URL": others[changes % 2]}
            subprocess.run([COMMAND, "-q", "feed", "accept"], env=changed, check=True)
            changes += 1
            time.sleep(2)
        told = asking.communicate()[0]
    load = _read(told)
    yield f"300 connections for {SOAK} s: {load.a_second:,.0f} a second, {changes} changes of the calendar meanwhile"
    yield at_most("errors", load.errors, 0)
    yield at_most("the slowest of 100, in seconds", load.seconds, SLOWEST)
    yield f"  memory: {before:,} kB before, {read_memory(process):,} kB after"
    yield at_most("memory after / before", read_memory(process) / before, GROWTH)


def read_memory(process: int) -> int:
    """Resident memory in kB."""
    found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{process}/status").read_text())
    assert found
    return int(found[1])


def main(rounds: int) -> None:
    """Measure and tell."""
    first = (datetime.now(UTC) - timedelta(days=20)).date()
    listings = [Listing(first, DAYS, ENTRIES), Listing(first, DAYS, ENTRIES, changed=5)]
    with run_server(listings[0]) as one, run_server(listings[1]) as other, make_home(one) as environ:
        environ |= {"TRAKT_ICAL_LISTEN": "127.0.0.1:0", "TRAKT_ICAL_REFRESH": "1"}
        with run_feed(environ) as (url, process):
            print_lines(*compare_with_nginx(url, rounds))
            print_lines(*load_for_a_minute(url, process, environ, (other, one)))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
