"""Settings that change while `serve` runs: followed without a restart, and without a dropped connection."""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from queue import Queue
from urllib.parse import urlsplit

import pytest

from tests.checkins import count_check_ins, post_form, read_form_token
from tests.conftest import Line
from tests.feeds import RunningFeed, run_feed
from trakt_ical.app.context import open_accounts
from trakt_ical.app.environment import Environment
from trakt_ical.app.sd_notify import ServiceManager
from trakt_ical.app.serve import _look
from trakt_ical.app.settings_reload import SettingsWatch
from trakt_ical.feed.answers import CalendarAnswers, Feed, FixedBody

SHOWS = "[calendar.Shows]\n"
FILMS = '[calendar.Films]\nkind = ["movies"]\n'


@dataclass
class Reloading:
    """A running feed whose settings are in *file*."""

    line: Line
    file: Path
    running: RunningFeed
    watch: SettingsWatch

    def write(self, text: str, *, passed: int = 2) -> bool:
        """Write other settings and let that many looks pass; return whether they were followed."""
        self.file.write_text(text, encoding="utf-8")
        return self.look(passed)

    def look(self, looks: int = 1) -> bool:
        """Look as the server does each second."""
        found = False
        for _ in range(looks):
            found = (self.watch.is_due() and self.watch.follow_with(self.running.accounts.follow)) or found
        return found

    def find_url(self, name: str) -> str:
        """The address of the calendar *name*."""
        url = self.line("feed", "url", name).stdout.strip()
        return self.running.base + urlsplit(url).path

    def get_status(self, url: str) -> int:
        """The status that *url* is answered with."""
        return self.running.get(url).status_code


@pytest.fixture
def reloading(line: Line, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> Iterator[Reloading]:
    """Return a feed of the calendar Shows, fetched once."""
    file = tmp_path / "config.toml"
    file.write_text(SHOWS, encoding="utf-8")
    line.environ["TRAKT_ICAL_CONFIG"] = str(file)
    del line.environ["TRAKT_ICAL_OUTPUT"]
    environment = Environment(line.clock, line.clock.sleep, line.environ)
    with run_feed(line) as running, open_accounts({}, demo=False, environment=environment) as accounts:
        running.refresh()
        caplog.set_level("INFO")
        yield Reloading(line, file, running, SettingsWatch(accounts))


def test_a_calendar_appears_and_another_is_gone(reloading: Reloading, caplog: pytest.LogCaptureFixture) -> None:
    """The new one is fetched at once, the removed one is 404, and one that comes back has its address again."""
    shows = reloading.find_url("Shows")
    assert not reloading.look(3)
    assert reloading.write(SHOWS + FILMS)
    films = reloading.find_url("Films")
    assert (reloading.get_status(shows), reloading.get_status(films)) == (200, 503)
    reloading.running.refresh()
    assert reloading.get_status(films) == 200
    assert reloading.write(FILMS)
    assert (reloading.get_status(shows), reloading.get_status(films)) == (404, 200)
    reloading.running.refresh()
    assert "Shows" not in reloading.running.get(reloading.running.page).text
    assert reloading.write(SHOWS + FILMS)
    assert (reloading.get_status(shows), reloading.find_url("Shows")) == (200, shows)
    told = [record.getMessage() for record in caplog.records if "reloaded" in record.getMessage()]
    assert ["added Films" in told[0], "removed Shows" in told[1], "added Shows" in told[2]] == [True] * 3


def test_other_rules_are_followed_at_once(reloading: Reloading) -> None:
    """A changed calendar is refreshed now; what changes no calendar costs no request."""
    reloading.line.demo.requests.clear()
    assert reloading.write("refresh = 30\nnotice_after = 0\n" + SHOWS)
    reloading.running.refresh()
    assert reloading.line.demo.requests == []
    before = reloading.running.get().content
    assert reloading.write(SHOWS + 'title = "X {show}"\n')
    reloading.running.refresh()
    after = reloading.running.get().content
    assert (b"SUMMARY:X " in before, b"SUMMARY:X " in after) == (False, True)


def test_a_refresh_that_began_before_is_done_again(reloading: Reloading) -> None:
    """What was asked for by older settings while they changed is asked for anew by the new ones."""
    refresher, service = reloading.running.service.refresher, reloading.running.service
    refresh = service.refresh

    def refresh_while_settings_change() -> object:
        outcomes = refresh()
        service.refresh = refresh  # type: ignore[method-assign]
        assert reloading.write(SHOWS + FILMS)
        assert reloading.write("refresh = 50\n" + SHOWS + FILMS)  # which asks for no refresh, nor takes one back
        return outcomes

    reloading.line.clock.pass_by(hours=2)
    service.refresh = refresh_while_settings_change  # type: ignore[assignment, method-assign]
    refresher.step()
    assert refresher.find_pause() == 0
    refresher.step()
    assert reloading.get_status(reloading.find_url("Films")) == 200


WRONG = {
    '[calendar.Shows]\nkind = ["moviez"]\n': "line 2",
    "[calendar.Shows]\n\nbak = 3\n": "line 3",
    "[calendar.Shows\n": "line 1",
    '[calendar.Shows]\nkind = ["movies"\n': "line 2",
    '[calendar.Shows]\naccount = "nobody"\n': "line 2",
}
"""Settings files, and where the mistake is."""


def test_wrong_settings_change_nothing(reloading: Reloading, caplog: pytest.LogCaptureFixture) -> None:
    """The old ones go on, and one line says where the mistake is; the same file is not reported twice."""
    url = reloading.find_url("Shows")
    for text, place in WRONG.items():
        caplog.clear()
        assert not reloading.write(text, passed=5)
        (error,) = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
        assert place in error
        assert "\n" not in error
        assert reloading.get_status(url) == 200
    assert reloading.write(SHOWS + FILMS)
    assert reloading.get_status(url) == 200


def test_a_file_that_is_gone_changes_nothing(reloading: Reloading, caplog: pytest.LogCaptureFixture) -> None:
    """Neither while an editor replaces it nor for good; and what only a start reads is said."""
    url = reloading.find_url("Shows")
    reloading.file.unlink()
    assert not reloading.look()
    assert "gone" not in caplog.text
    assert not reloading.look()
    assert "is gone" in caplog.text
    assert reloading.get_status(url) == 200
    assert reloading.write('listen = "127.0.0.1:1"\n' + SHOWS)
    assert re.search("Restart .*: listen", caplog.text)
    reloading.watch.request()
    assert reloading.look()


def test_accounts_come_and_go(reloading: Reloading) -> None:
    """A new account is refreshed and has a page; a removed one is 404, and its folder is free for others."""
    shows, page = reloading.find_url("Shows"), reloading.running.page
    token = reloading.line.environ["TRAKT_ICAL_TOKEN_FILE"]
    del reloading.line.environ["TRAKT_ICAL_TOKEN_FILE"]
    anna = f'[account.anna]\ntoken_file = "{token}"\n[calendar.Hers]\naccount = "anna"\n'
    assert reloading.write(anna)
    assert (reloading.get_status(shows), reloading.get_status(page)) == (404, 200)  # the same user's page
    (member,) = reloading.running.accounts.pool.find_startable()
    member.refresher.step()
    assert reloading.get_status(reloading.find_url("Hers")) == 200


def test_check_in_links_come_and_go(reloading: Reloading) -> None:
    """Links and the path of public_url are answered from when the settings have them, as long as they do."""
    assert reloading.write('public_url = "http://localhost:1/tv"\ncheckin_links = true\n' + SHOWS)
    reloading.running.refresh()
    calendar = reloading.running.get().content.replace(b"\r\n ", b"").decode()
    link = re.findall(r"http://localhost:1(/tv/check-in/[\w%.-]+/\d{8}T\d{6}Z/[\w-]+)", calendar)[-1]
    assert reloading.get_status(reloading.running.base + link) == 200
    assert reloading.write(SHOWS)
    assert reloading.get_status(reloading.running.base + link.removeprefix("/tv")) == 404
    assert reloading.get_status(reloading.running.base + "/tv" + reloading.running.path) == 404


def test_an_open_form_goes_on(reloading: Reloading) -> None:
    """A button of a page that was opened before the settings changed checks in as they are now."""
    links = 'public_url = "http://localhost:1"\ncheckin_links = true\n'
    assert reloading.write(links + SHOWS)
    reloading.running.refresh()
    calendar = reloading.running.get().content.replace(b"\r\n ", b"").decode()
    path = re.findall(r"http://localhost:1(/check-in/[\w%.-]+/\d{8}T\d{6}Z/[\w-]+)", calendar)[-1]
    url = reloading.running.base + path
    token = read_form_token(reloading.running.get(url))
    assert reloading.write(links + "back = 8\n" + SHOWS)
    assert "<h1>Checked in</h1>" in post_form(url, token).text
    assert count_check_ins(reloading.line) == 1


def test_a_download_goes_on(reloading: Reloading) -> None:
    """A slow reader gets all octets of a calendar that the settings have no more."""
    running, octets = reloading.running, os.urandom(12_000_000)
    secret = "5" * 40
    large = CalendarAnswers("Large", FixedBody(octets), running.clock.now, None)
    running.accounts.directory.put(running.service.store, {secret: Feed(large)}, [secret])
    parts = urlsplit(running.base)
    with socket.create_connection((str(parts.hostname), parts.port or 0), timeout=20) as connection:
        connection.sendall(f"GET /{secret} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        received = [connection.recv(1000)]
        assert reloading.write(FILMS)
        assert reloading.get_status(f"{running.base}/{secret}") == 404
        while sum(map(len, received)) < len(octets) or not b"".join(received).endswith(octets[-100:]):
            received.append(connection.recv(2**20))
    head, _, body = b"".join(received).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 ")
    assert body == octets


@contextlib.contextmanager
def listen_as_systemd(path: Path) -> Iterator[Queue[str]]:
    """What a service reports to the socket at *path*, which is read at once: the system keeps ten reports at most."""
    reports: Queue[str] = Queue()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(path))

        def listen() -> None:
            while (report := manager.recv(4096)) != b"end":
                reports.put(report.decode())

        thread = threading.Thread(target=listen)
        thread.start()
        try:
            yield reports
        finally:
            manager.sendto(b"end", str(path))
            thread.join()


def read_until(reports: Queue[str], wanted: str) -> list[str]:
    """What is reported until the report that begins with *wanted*."""
    found: list[str] = []
    while not (found and found[-1].startswith(wanted)):
        found.append(reports.get(timeout=60))
    return found


class FailingAccounts:
    """Accounts that cannot follow, by a bug."""

    def follow(self, apps: object) -> None:
        raise RuntimeError(str(apps))


class AskedWatch:
    """Settings that are to be read again."""

    def is_due(self) -> bool:
        return True

    def follow_with(self, follow: Callable[[object], None]) -> None:
        follow(())


def test_systemd_hears_of_the_end_of_a_reload_that_failed(caplog: pytest.LogCaptureFixture) -> None:
    """A service that says no READY would be reloading for ever; and a report has one line, whatever it quotes."""
    with tempfile.TemporaryDirectory() as folder, listen_as_systemd(Path(folder) / "notify") as reports:
        manager = ServiceManager({"NOTIFY_SOCKET": f"{folder}/notify"})
        _look(FailingAccounts(), AskedWatch(), manager)  # type: ignore[arg-type]
        assert reports.get(timeout=60).startswith("RELOADING=1")
        assert reports.get(timeout=60) == "READY=1"
        manager.notify_status("failing: a\nSTOPPING=1\r\nb")
        assert reports.get(timeout=60) == "STATUS=failing: a STOPPING=1 b"
    assert "bug" in caplog.text


def test_a_request_may_interrupt_another(reloading: Reloading) -> None:
    """A second SIGHUP may come anywhere in the handler of the first: neither blocks, and a reload follows."""

    def interrupt(frame: object, event: str, argument: object) -> object:
        reloading.watch.request()  # no tracing in here
        return interrupt

    def request() -> None:
        sys.settrace(interrupt)  # of this thread alone
        reloading.watch.request()

    thread = threading.Thread(target=request, daemon=True)
    thread.start()
    thread.join(60)
    assert not thread.is_alive()
    assert [reloading.watch.is_due(), reloading.watch.is_due()] == [True, False]


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="this system has no SIGHUP")
def test_sighup_reloads_and_systemd_hears_of_it(tmp_path: Path) -> None:
    """A connection stays open over a reload; systemd hears READY, STATUS, RELOADING, READY, STOPPING, and is alive."""
    settings = tmp_path / "config.toml"
    settings.write_text(SHOWS, encoding="utf-8")
    environ = {**os.environ, "TRAKT_ICAL_HOME": str(tmp_path), "WATCHDOG_USEC": "1000000"}
    command = [sys.executable, "-m", "trakt_ical", "--demo", "--config", str(settings)]
    command += ["serve", "--listen", "127.0.0.1:0"]
    # The name of a socket has about a hundred characters at most, and the folder of a test may have more.
    with tempfile.TemporaryDirectory() as folder, listen_as_systemd(Path(folder) / "notify") as manager:
        environ["NOTIFY_SOCKET"] = f"{folder}/notify"
        with subprocess.Popen(command, env=environ, stderr=subprocess.PIPE, text=True) as process:
            try:
                assert process.stderr is not None
                told = iter(process.stderr)
                base = re.search(r"http://(\S+):(\d+)", next(line for line in told if "Serving" in line))
                assert base
                read_until(manager, "READY=1")
                found = read_until(manager, "STATUS=1 calendar, ")
                assert "WATCHDOG=1" in read_until(manager, "WATCHDOG=1") + found
                connection = http.client.HTTPConnection(base[1], int(base[2]), timeout=60)
                connection.request("GET", "/healthz")
                assert connection.getresponse().read()
                connection.auto_open = 0  # a second request on a connection that was closed fails now
                settings.write_text(SHOWS + FILMS, encoding="utf-8")
                process.send_signal(signal.SIGHUP)
                assert re.search(r"RELOADING=1\nMONOTONIC_USEC=\d+$", read_until(manager, "RELOADING")[-1])
                read_until(manager, "READY=1")
                assert next(line for line in told if "Settings reloaded" in line).endswith("added Films\n")
                connection.request("GET", "/healthz")
                assert connection.getresponse().read().count(b'"age"') == 2
                connection.close()
                process.terminate()
                read_until(manager, "STOPPING=1")
                assert process.wait(60) == 0
            finally:
                process.kill()
