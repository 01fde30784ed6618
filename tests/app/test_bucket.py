"""A calendar in a bucket, on a real S3 server: requests, headers, faults, races, and computers without a memory."""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import threading
import urllib.error
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml
from click.testing import Result

from tests.buckets import PUBLIC, Proxy, S3Server, forward, run_proxy
from tests.conftest import Line
from tests.demos import log_in
from tests.server import Reply, Request
from trakt_ical.demo import Fault
from trakt_ical.errors import OutputError
from trakt_ical.export.output import make_store
from trakt_ical.export.stored_calendar import parse_calendar, parse_moment
from trakt_ical.export.stores.bucket import BucketStore

ROOT = Path(__file__).resolve().parents[2]
WRITTEN = ["GET Trakt.ics", "PUT Trakt.ics", "GET Trakt.ics.state", "PUT Trakt.ics.state"]


@dataclass
class Job:
    """A job that exports to a bucket, through a proxy; `forget` takes this computer's memory away."""

    line: Line
    home: Path
    s3: S3Server
    proxy: Proxy
    path: str

    @property
    def address(self) -> str:
        """The output."""
        return f"s3://{PUBLIC}/{self.path}"

    def __call__(self, *arguments: str) -> Result:
        """Run a command, whose answers and log must not have the secret path."""
        result = self.line(*arguments, environ={"TRAKT_ICAL_OUTPUT": self.address})
        assert self.path.partition("/")[0] not in result.output
        return result

    def run(self, *arguments: str) -> list[str]:
        """Run an export that succeeds; return the requests that it sent to the bucket."""
        self.proxy.asked.clear()
        assert self("export", *arguments).exit_code == 0
        return self.proxy.lines

    def read(self) -> bytes:
        """Return the calendar as anybody reads it."""
        return bytes(self.s3.read(self.path).read())

    def forget(self) -> None:
        """Lose state, kept answers and all else but the login."""
        shutil.rmtree(self.home)
        self.home.mkdir()

    def change_trakt(self) -> None:
        """Rename an episode at Trakt, and let enough time pass that kept answers are too old."""
        self.line.demo.rename(*find_next_episode(self.read(), self.line.clock()), "Another Title")
        self.line.clock.pass_by(hours=2)

    def empty_trakt(self) -> None:
        """From now on Trakt lists nothing, and no kept answer hides it."""
        self.line.demo.misbehave(Fault(path="/calendars/", empty_list=True, times=0))
        shutil.rmtree(self.home / ".cache", ignore_errors=True)


@pytest.fixture
def job(line: Line, home: Path, s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Job]:
    with run_proxy(s3.url) as proxy:
        monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.url)
        yield Job(line, home, s3, proxy, f"{secrets.token_hex(16)}/Trakt.ics")


def test_a_run_reads_once_and_writes_what_changed(job: Job) -> None:
    """One GET and one PUT of the calendar, none where nothing changed; its state beside it only where that changed."""
    assert job.run() == WRITTEN
    state = bytes(job.s3.read(f"{job.path}.state").read())
    assert str(job.home).encode() not in state, "others may read it, and somebody's folders are their own"
    assert job.run() == ["GET Trakt.ics", "GET Trakt.ics.state"]
    assert job.run() == ["GET Trakt.ics"], "this computer saw that version last"
    job.change_trakt()
    requests = job.run()
    assert [each for each in requests if each.startswith("PUT")] == ["PUT Trakt.ics", "PUT Trakt.ics.state"]
    assert requests.count("GET Trakt.ics") == 1


def test_a_computer_without_a_memory_reads_the_state_too(job: Job) -> None:
    """Two GETs, and once an hour one PUT, so that the last success is known."""
    job.run()
    job.forget()
    assert job.run() == ["GET Trakt.ics", "GET Trakt.ics.state"]
    job.forget()
    job.line.clock.pass_by(hours=2)
    assert job.run() == ["GET Trakt.ics", "GET Trakt.ics.state", "PUT Trakt.ics.state"]
    job.forget()
    job.line.clock.pass_by(minutes=20)
    down = {"TRAKT_ICAL_OUTPUT": job.address, "TRAKT_ICAL_API_URL": "http://127.0.0.1:1"}
    assert job.line("export", "--grace", "1h", environ=down).exit_code == 0


def test_the_bucket_serves_it_as_a_feed(job: Job) -> None:
    """Type, cache control, name of the file and validators are those of a calendar that programs subscribe to."""
    job.run()
    with job.s3.read(job.path) as answer:
        assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
        assert answer.headers["Cache-Control"] == "private, max-age=900"
        assert answer.headers["Content-Disposition"] == 'inline; filename="Trakt.ics"'
        assert answer.headers["ETag"]
        assert answer.headers["Last-Modified"]
    with pytest.raises(urllib.error.HTTPError):
        job.s3.read("")  # nobody may list the bucket


def test_it_is_the_same_calendar_as_in_a_file(job: Job) -> None:
    """Where it lives makes no difference to the calendar, nor does the loss of this computer's memory."""
    for _ in range(3):
        job.run()
        assert job.line("export").exit_code == 0
        assert job.read() == job.line.ics.read_bytes()
        job.forget()
        job.line.clock.pass_by(days=1)
        job.line.demo.remove(*find_next_episode(job.read(), job.line.clock()))
    assert job.read().count(b"STATUS:CANCELLED") == 2


def find_next_episode(octets: bytes, now: datetime) -> tuple[str, int, int]:
    """Return show, season and number of the first episode of a calendar that has yet to air, from its page."""
    for event in sorted(parse_calendar(octets).events.values(), key=lambda each: each.start):
        starts = parse_moment(event.start)
        if event.rev and isinstance(starts, datetime) and starts > now:
            page = bytes(event.octets).replace(b"\r\n ", b"").decode().split("\r\nURL:")[1].splitlines()[0].split("/")
            return page[4], int(page[6]), int(page[8])
    raise AssertionError("nothing is ahead")


def test_the_status_without_a_memory_is_that_of_the_bucket(job: Job) -> None:
    """One GET, where this computer knows of no recent success; what cannot be asked is said, and fails nothing."""
    job.run()
    job.proxy.asked.clear()
    assert "just now" in job("status").stdout
    assert job.proxy.lines == []
    job.forget()
    job.line.clock.pass_by(minutes=5)
    (row,) = json.loads(job("status", "--json").stdout)["outputs"]
    assert row["last_success"] == (job.line.clock() - timedelta(minutes=5)).isoformat()
    assert job.proxy.lines == ["GET Trakt.ics.state"]
    job.line.clock.pass_by(days=2)
    assert job("status").exit_code == 5
    job.proxy.interfere = lambda _: Reply(b"", 403)
    result = job("status")
    assert (result.exit_code, "refused the keys" in result.stdout) == (0, True)


def test_the_doctor_tries_the_bucket(job: Job) -> None:
    """Put, get, conditions and the public's view, with an object of its own that is gone afterwards."""
    job.run()

    def examine() -> dict[str, list[str]]:
        rows = json.loads(job("doctor", "--json").stdout)["findings"]
        rows = [row for row in rows if row["subject"].startswith("bucket")]
        return {
            grade: [row["message"] for row in rows if row["grade"] == grade] for grade in ("ok", "warning", "failed")
        }

    job.proxy.asked.clear()
    found = examine()
    assert (len(found["ok"]), found["warning"], found["failed"]) == (2, [], [])
    (removed,) = [request for request in job.proxy.asked if b"<Delete" in request.body or request.method == "DELETE"]
    assert b"/doctor-" in removed.body
    assert job.read().startswith(b"BEGIN:VCALENDAR")

    def ignore_conditions(request: Request) -> Reply | None:
        if request.path.endswith("list-type=2"):
            return Reply(b"<ListBucketResult/>", 200)
        if request.method == "GET" and "doctor-" in request.path and not {"Authorization"} & {*request.headers}:
            return Reply(b"", 403)
        if request.method == "PUT" and {"If-Match", "If-None-Match"} & {name.title() for name in request.headers}:
            return Reply(b"", 200, {"ETag": '"same"'})
        return None

    job.proxy.interfere = ignore_conditions
    found = examine()
    assert found["failed"], "what was put is not there"

    def fail_later(request: Request) -> Reply | None:
        """Refuse what expects another version, but not for that reason."""
        puts = [each for each in job.proxy.asked if each.method == "PUT"]
        return Reply(b"", 403) if request.method == "PUT" and len(puts) > 2 else None

    job.proxy.asked.clear()
    job.proxy.interfere = fail_later
    found = examine()
    assert "refused the keys" in found["failed"][0], "a fault is no refused condition"


def test_a_held_back_update_ends_without_a_memory(job: Job) -> None:
    """Since when it is held back lies in the bucket: a computer that forgets all accepts it after shrink_days."""
    job.run()
    before = job.read()
    job.empty_trakt()
    for days in range(7):
        job.forget()
        assert job("export").exit_code == 8, f"day {days}"
        assert job.read() == before
        job.line.clock.pass_by(days=1)
    job.forget()
    job.run()
    assert b"STATUS:CANCELLED" in job.read()


def test_two_computers_hold_an_update_back_together(job: Job, tmp_path: Path) -> None:
    """Its days count from the first computer that missed the events, also for one that had seen all of them."""
    job.run()
    job.run()  # from now on this computer needs no state of others
    kept = tmp_path / "first"
    shutil.copytree(job.home, kept)
    job.forget()
    job.empty_trakt()
    assert job("export").exit_code == 8
    shutil.rmtree(job.home)
    shutil.copytree(kept, job.home)
    job.line.clock.pass_by(days=5)
    job.empty_trakt()
    assert job("export").exit_code == 8
    job.line.clock.pass_by(days=2, minutes=1)
    assert job("export").exit_code == 0


def test_a_lost_race_loses_nothing(job: Job) -> None:
    """A calendar that somebody else wrote during the run stays, with exit status 6; the next run goes on from it."""
    job.run()
    store = make_store(job.address)

    def write_before(request: Request) -> None:
        if request.method == "PUT":
            job.proxy.interfere = lambda _: None
            store.save(job.read() + b"\r\n", store.load())

    job.change_trakt()
    job.proxy.interfere = write_before
    result = job("export")
    assert (result.exit_code, "Run this again" in result.stderr) == (6, True)
    assert job.read().endswith(b"\r\n\r\n")
    assert job("export").exit_code == 6, "somebody edited it"
    job.run("--force")
    assert job.s3.read(f"{job.path}.old").read().endswith(b"\r\n\r\n")


@pytest.mark.parametrize("status", [500, 503])
def test_an_answer_that_got_lost_is_looked_up(job: Job, status: int) -> None:
    """The bucket took the calendar, its answer never came, the second attempt meets the first: it is written."""
    lost = []

    def lose_answer(request: Request) -> Reply | None:
        if request.method == "PUT" and not lost:
            lost.append(forward(job.s3.url, request).status)
            return Reply(b"", status)
        return None

    job.proxy.interfere = lose_answer
    assert "PUT Trakt.ics" in job.run()
    assert lost == [200]
    assert job.read().startswith(b"BEGIN:VCALENDAR")


def test_a_put_that_is_cut_leaves_the_old_calendar(job: Job) -> None:
    """Readers see the old one throughout; the run ends with 6, and the next one writes."""
    job.run()
    before, seen = job.read(), []

    def cut(request: Request) -> Reply | None:
        if request.method != "PUT":
            return None
        parts = urlsplit(job.s3.url)
        with socket.create_connection((parts.hostname or "", parts.port or 0)) as connection:
            head = "".join(f"{name}: {value}\r\n" for name, value in request.headers.items())
            connection.sendall(f"PUT {request.path} HTTP/1.1\r\n{head}\r\n".encode())
            connection.sendall(request.body[: len(request.body) // 2])
            seen.append(job.read())
        seen.append(job.read())
        return Reply(b"", 500)

    job.change_trakt()
    job.proxy.interfere = cut
    assert job("export").exit_code == 6
    assert len(seen) >= 2
    assert set(seen) == {before}
    assert job.read() == before
    job.proxy.interfere = lambda _: None
    job.run()
    assert job.read() != before


def test_a_store_without_conditions_is_looked_at_first(job: Job) -> None:
    """Backblaze B2 refuses conditions: there the version is compared before a plain PUT, and a change found is kept."""

    def refuse_conditions(request: Request) -> Reply | None:
        if request.method == "PUT" and {"If-Match", "If-None-Match"} & {name.title() for name in request.headers}:
            return Reply(b"<Error><Code>NotImplemented</Code></Error>", 501)
        return None

    job.proxy.interfere = refuse_conditions
    job.run()
    assert job.read().startswith(b"BEGIN:VCALENDAR")
    store, late = make_store(job.address), make_store(job.address)
    snapshot = late.load()
    store.save(b"one", store.load())
    with pytest.raises(Exception, match="changed during this run"):
        late.save(b"two", snapshot)
    assert job.read() == b"one"


@pytest.mark.parametrize(
    ("variable", "value", "word"),
    [
        ("AWS_SECRET_ACCESS_KEY", "wrong", "keys"),
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:1", "reached"),
        ("AWS_ALLOW_HTTP", "", "AWS_ALLOW_HTTP"),
        ("AWS_ENDPOINT_URL", "no address", "AWS_ENDPOINT_URL"),
        ("AWS_ENDPOINT_URL", "https://", "AWS_ENDPOINT_URL"),
        ("AWS_ENDPOINT_URL", "https://[", "AWS_ENDPOINT_URL"),
    ],
)
def test_what_is_wrong_is_one_sentence(
    job: Job, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, word: str
) -> None:
    """Exit status 6 and one line, which names the bucket and not the path; so does the log."""
    monkeypatch.setenv(variable, value)
    result = job("export")
    assert result.exit_code == 6
    [sentence] = result.stderr.splitlines()
    assert word in sentence
    assert "s3://public/…/Trakt.ics" in sentence
    job("-v", "export")


@pytest.mark.parametrize(
    ("scheme", "variables", "word"),
    [
        ("az", {"AZURE_STORAGE_ACCOUNT_NAME": "me", "AZURE_STORAGE_ACCOUNT_KEY": "not base64!"}, "AZURE_STORAGE"),
        ("gs", {"GOOGLE_SERVICE_ACCOUNT": "/none.json"}, "GOOGLE_SERVICE_ACCOUNT"),
    ],
)
def test_keys_that_are_none_are_one_sentence(
    monkeypatch: pytest.MonkeyPatch, scheme: str, variables: dict[str, str], word: str
) -> None:
    """It names the variables, whether something is read, written or deleted."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    store = BucketStore(f"{scheme}://my-bucket/secret/Trakt.ics")
    for attempt in (store.load, store.delete, lambda: store.save(b"", None), lambda: store.keep_aside(b"")):
        with pytest.raises(OutputError, match=word) as error:
            attempt()
        assert "secret" not in str(error.value)


def test_a_bucket_that_is_missing_is_named(job: Job) -> None:
    """Nothing is written to a bucket that is not there, and nothing in it is not an empty one."""
    result = job.line("export", environ={"TRAKT_ICAL_OUTPUT": f"s3://no-such-bucket/{job.path}"})
    assert (result.exit_code, "no bucket no-such-bucket" in result.stderr) == (6, True)


def test_a_store_that_is_silent_is_given_up(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    """A store that takes the connection and says nothing costs seconds, not minutes."""
    monkeypatch.setattr("trakt_ical.export.stores.bucket.PATIENCE", timedelta(seconds=0.2))
    ended = threading.Event()
    job.proxy.interfere = lambda _: Reply(b"", 500) if ended.wait(60) else None
    try:
        result = job("export")
    finally:
        ended.set()
    assert result.exit_code == 6
    assert len(job.proxy.asked) == 4


def test_without_the_extra_it_says_what_to_install(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bucket needs an extra; without it the settings cannot be followed."""
    monkeypatch.setitem(sys.modules, "obstore", None)
    result = job("export")
    assert result.exit_code == 3
    assert "trakt-ical[bucket]" in result.stderr


@pytest.mark.parametrize(
    ("output", "word"),
    [
        ("s3://my-bucket", "s3://my-bucket/"),
        ("s3://my-bucket/", "s3://my-bucket/"),
        ("s3:///x.ics", "bucket"),
        ("s3://KEY:word@my-bucket/x/y.ics", "AWS_ACCESS_KEY_ID"),
        ("s3://my-bucket/a/../b.ics", "path"),
        ("s3://my-bucket/a//b.ics", "path"),
        ("s3://my-bucket/a/b.ics?x", "path"),
        ("https://example.com/x.ics", "s3://"),
        ("S3://my-bucket/a/b.ics", "s3://"),
    ],
)
def test_an_address_that_is_none_is_refused(line: Line, output: str, word: str) -> None:
    """Exit status 3; a bucket alone gets a path made for it that nobody guesses."""
    result = line("export", environ={"TRAKT_ICAL_OUTPUT": output})
    assert result.exit_code == 3
    assert word in result.stderr
    assert "KEY:" not in result.stderr
    if output.rstrip("/") == "s3://my-bucket":
        assert re.search(r"s3://my-bucket/[0-9a-f]{32}/Trakt\.ics", result.stderr)


def test_a_wrong_address_in_a_file_is_not_quoted(line: Line, tmp_path: Path) -> None:
    """The line of the settings file is named; the path in it is a secret."""
    config = tmp_path / "config.toml"
    config.write_text('output = "s3://my-bucket/s3cret//x.ics"\n')
    del line.environ["TRAKT_ICAL_OUTPUT"]
    result = line("--config", str(config), "export")
    assert (result.exit_code, "line 1" in result.stderr, "s3cret" in result.output) == (3, True, False)


def test_commands_know_the_bucket(job: Job) -> None:
    """`explain` and `agenda` read the stored calendar there, `status` and `config` name it without its path."""
    job.run()
    assert "Trakt.ics" in job("status").stdout
    [row] = json.loads(job("status", "--json").stdout)["outputs"]
    assert row["output"] == "s3://public/…/Trakt.ics"
    assert row["last_success"]
    shown = {each["name"]: each["value"] for each in json.loads(job("config", "--json").stdout)}
    assert shown["output"] == "s3://public/…/Trakt.ics"
    job.proxy.asked.clear()
    assert job("agenda").exit_code == 0
    assert "GET Trakt.ics" in job.proxy.lines
    uid = next(line for line in job.read().decode().splitlines() if line.startswith("UID:")).removeprefix("UID:")
    assert job("explain", uid).exit_code == 0


def test_a_server_without_encryption_is_named(job: Job) -> None:
    """`config` names the variable and the server."""
    url = "http://me:pass@s3.example.com"
    environ = {"TRAKT_ICAL_OUTPUT": job.address, "AWS_ENDPOINT_URL": url}
    sentence, *_ = job.line("config", environ=environ).stderr.splitlines()
    assert all(word in sentence for word in ("AWS_ENDPOINT_URL", "s3.example.com"))
    assert "pass" not in sentence
    environ["AWS_ENDPOINT_URL"] = "https://s3.example.com"
    assert "AWS" not in job.line("config", environ=environ).stderr


def test_two_calendars_cannot_share_an_object(line: Line, tmp_path: Path) -> None:
    """The message names the bucket and not the path."""
    config = tmp_path / "config.toml"
    config.write_text(
        '[calendar.A]\noutput = "s3://my-bucket/s3cret/x.ics"\n[calendar.B]\noutput = "s3://my-bucket/s3cret/x.ics"\n'
    )
    del line.environ["TRAKT_ICAL_OUTPUT"]
    result = line("--config", str(config), "export")
    assert (result.exit_code, "s3cret" in result.output, "my-bucket" in result.output) == (3, False, True)


def test_the_sample_for_github_actions_exports(job: Job, tmp_path: Path) -> None:
    """Its steps keep the login, and write the calendar, in a place that is new each time but for that login."""
    workflow = yaml.safe_load((ROOT / "samples" / "github-actions.yml").read_text())["jobs"]["export"]
    steps = [step for step in workflow["steps"] if "run" in step and "pip" not in step["run"]]
    job.line.clock.now = datetime.now(UTC)  # of the processes that the steps start
    log_in(job.line.demo, tmp_path / "token.json")
    names = {"TRAKT_ICAL_HOME": "home", "TRAKT_ICAL_OUTPUT": job.address}
    names["TOKEN"] = (tmp_path / "token.json").read_text()
    # What the workflow sets must be settings; their values are those of the built-in Trakt and of this test's bucket.
    settings = {name for name in workflow["env"] if name.startswith("TRAKT_ICAL_")}
    environ = {name: value for name, value in job.line.environ.items() if name != "TRAKT_ICAL_TOKEN_FILE"}
    environ |= {**os.environ, **names, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    assert settings - set(environ) == {"TRAKT_ICAL_TIMEZONE"}
    for number in range(2):
        work = tmp_path / f"run-{number}"
        work.mkdir()
        for step in steps:
            done = subprocess.run(["sh", "-c", step["run"]], cwd=work, env=environ, capture_output=True, text=True)
            assert done.returncode == 0, done.stderr
        environ["TOKEN"] = (work / "home" / "token.json").read_text()
    assert job.read().startswith(b"BEGIN:VCALENDAR")
