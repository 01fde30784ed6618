"""What tests share: a built-in Trakt, a command line with a home of its own, independent readers."""

from __future__ import annotations

import gc
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import filelock
import pytest
from click.testing import CliRunner, Result
from hypothesis import HealthCheck, settings

from tests.buckets import S3Server, run_s3_server
from tests.demos import Demo, log_in, make_environ
from tests.factories import NOW
from tests.readers import Exports, check_calendar, judge
from trakt_ical.app.environment import Environment
from trakt_ical.cli import cli
from trakt_ical.demo import load_cast
from trakt_ical.demo.cast import Cast
from trakt_ical.trakt import reach

# The same examples in each run, so that a failure of an automatic run is seen here too; no limits of time, which a busy
# computer would break. To look for new examples: pytest --hypothesis-profile=new.
settings.register_profile("new", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("repeatable", settings.get_profile("new"), derandomize=True)
settings.load_profile("repeatable")

# pytest holds on to so much that looking for reference cycles as often as usual takes a tenth of the suite's time.
gc.set_threshold(50_000, 20, 20)

SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.hookimpl(optionalhook=True)  # without pytest-xdist there is no such hook
def pytest_xdist_auto_num_workers() -> int:
    """Run more tests at a time than there are processors: a third of its time, a test waits for another process."""
    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return processors + min(processors, 4)


def pytest_collection_finish() -> None:
    """Let the garbage collector leave alone what stays until the end: all that was imported and collected."""
    gc.collect()
    gc.freeze()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that need a browser, so that a run can leave them out; put those of the container image first."""
    for item in items:
        if "browser" in getattr(item, "fixturenames", ()):
            item.add_marker("browser")
    # It takes 40 seconds to build. Begun late, one worker would build it while the others have nothing left to do.
    items.sort(key=lambda item: "image" not in getattr(item, "fixturenames", ()))


@pytest.fixture(scope="session")
def shared() -> Path:
    """Recorded answers, the contract of API v2 and the judges; they are not part of the project."""
    if not SHARED.is_dir():
        pytest.skip(f"no {SHARED}")
    return SHARED


@pytest.fixture(scope="session")
def judges(shared: Path) -> Path:
    """The folder that the judges were installed in, by the environment's JUDGES."""
    folder = os.environ.get("JUDGES")
    if not folder:
        pytest.skip("no judges: install them with judges/setup.sh DIR and set JUDGES=DIR")
    return Path(folder)


@pytest.fixture
def thunderbird(shared: Path) -> Iterator[list[str]]:
    """The command that lets Thunderbird subscribe to something, for one test at a time: its port is always the same."""
    if shutil.which("thunderbird") is None:
        pytest.skip("no thunderbird")
    with filelock.FileLock(Path(tempfile.gettempdir()) / "trakt-ical-thunderbird.lock", timeout=300):
        yield [sys.executable, str(shared / "judges" / "thunderbird_subscribe.py")]


@pytest.fixture(scope="session")
def exports(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exports]:
    """Gathers every calendar which tests make; at the end independent readers read them."""
    gathered = Exports()
    yield gathered
    files = []
    calendars = gathered.make_calendars()
    for number, octets in enumerate(calendars):
        files.append(tmp_path_factory.getbasetemp() / f"exports-{number}.ics")
        files[-1].write_bytes(octets)
    if files and SHARED.is_dir() and os.environ.get("JUDGES"):  # these have the readers of Python, and more
        assert judge(SHARED, Path(os.environ["JUDGES"]), files) == []
    else:
        for octets in calendars:
            check_calendar(octets)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder of its own for every test, and no setting from outside."""
    folder = tmp_path / "home"
    folder.mkdir()
    for name in [name for name in os.environ if name.startswith(("TRAKT_ICAL_", "XDG_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("LOCALAPPDATA", str(folder))
    return folder


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A source that answers is waited for, however busy this computer is."""
    monkeypatch.setattr(reach, "FIRST_WORD", 60)
    monkeypatch.setattr(reach, "LATE_WORD", 60)


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """A real S3 server. Each test takes a path of its own in its buckets."""
    with run_s3_server(tmp_path_factory.mktemp("s3")) as server:
        yield server


@pytest.fixture
def s3(s3_server: S3Server, monkeypatch: pytest.MonkeyPatch) -> S3Server:
    """The S3 server, with its keys in the environment of this process."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in s3_server.make_environ().items():
        monkeypatch.setenv(name, value)
    return s3_server


@dataclass
class Clock:
    """A clock that goes on when it is told to; *slept* gathers for how many seconds at a time."""

    now: datetime = NOW
    slept: list[float] = field(default_factory=list)

    def __call__(self) -> datetime:
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let *seconds* pass at once."""
        self.slept.append(seconds)
        self.pass_by(seconds=seconds)

    def pass_by(self, **spans: float) -> None:
        """Let time pass while nobody sleeps."""
        self.now += timedelta(**spans)


@pytest.fixture
def clock() -> Clock:
    """The clock of a test: noon of 2026-04-18 in UTC."""
    return Clock()


@pytest.fixture
def cast() -> Cast:
    """The shows and movies of the built-in Trakt, which a room may add to."""
    return load_cast()


@pytest.fixture
def demo(clock: Clock, cast: Cast) -> Iterator[Demo]:
    """A running built-in Trakt that looks at the test's clock."""
    with Demo(now=clock, cast=cast) as running:
        yield running


@dataclass
class Line:
    """The command line, in this process, beside one built-in Trakt, both by one clock."""

    demo: Demo
    clock: Clock
    folder: Path
    exports: Exports
    environ: dict[str, str]

    @property
    def ics(self) -> Path:
        """The file that an export writes."""
        return self.folder / "trakt.ics"

    def forget(self) -> None:
        """Remove the calendar, so that the next export begins anew."""
        self.ics.unlink()

    def __call__(self, *arguments: str, environ: Mapping[str, str] | None = None, typed: str | None = None) -> Result:
        """Run `trakt-ical` with *arguments*; with *typed*, which answers what is asked, as on a terminal."""
        there = typed is not None
        environment = Environment(
            self.clock, self.clock.sleep, self.environ | dict(environ or {}), has_terminal=lambda: there
        )
        result = CliRunner().invoke(cli, list(arguments), input=typed, obj=environment)
        if "export" in arguments and result.exit_code == 0 and self.ics.is_file():
            self.exports.add(self.ics.read_bytes())
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result


@pytest.fixture
def line(demo: Demo, clock: Clock, tmp_path: Path, exports: Exports) -> Line:
    """A command line that is logged in at *demo* and writes to a folder of its own."""
    token_file = tmp_path / "token.json"
    log_in(demo, token_file)
    files = {"TRAKT_ICAL_TOKEN_FILE": str(token_file), "TRAKT_ICAL_OUTPUT": str(tmp_path / "trakt.ics")}
    return Line(demo, clock, tmp_path, exports, make_environ(demo) | files)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A Chromium without a window."""
    api = pytest.importorskip("playwright.sync_api", reason="no playwright for this platform")
    chromium = shutil.which("chromium") or shutil.which("google-chrome") or shutil.which("chrome")
    if chromium is None:
        pytest.skip("no chromium")
    with api.sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium)
        yield running
        running.close()


@pytest.fixture(scope="session")
def axe(judges: Path) -> str:
    """The script of axe, which finds what keeps people out."""
    script = judges / "node" / "node_modules" / "axe-core" / "axe.min.js"
    if not script.is_file():
        pytest.skip(f"no axe: npm install axe-core in {judges / 'node'}")
    return script.read_text(encoding="utf-8")


needs_node = pytest.mark.skipif(shutil.which("node") is None, reason="no node")
