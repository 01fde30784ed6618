"""`trakt-ical serve` and `trakt-ical feed`: addresses, secrets, settings, and a log without secrets."""

from __future__ import annotations

import logging
import os
import re
import stat
import subprocess
import sys
import threading
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from tests.calendars import find_slug
from tests.conftest import Line
from tests.demos import Demo
from tests.feeds import RunningFeed, run_demo_process, run_feed
from tests.readers import Exports
from trakt_ical.demo import Fault
from trakt_ical.feed import access_log
from trakt_ical.feed.secrets import Secrets, SecretsFile
from trakt_ical.http import ListenAddress, is_loopback, is_public

ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+/([0-9a-f]{40})(/Trakt\.ics)?\n")


def test_addresses_are_told_and_are_good(line: Line, running: RunningFeed) -> None:
    """`feed url` and `feed page` print what the server answers at; `feed list` no secret, and no age below zero."""
    listen = {"TRAKT_ICAL_LISTEN": running.base.removeprefix("http://")}
    url = line("feed", "url", environ=listen).stdout
    page = line("feed", "page", environ=listen).stdout
    assert ADDRESS.fullmatch(url)
    assert ADDRESS.fullmatch(page)
    assert line("feed", "url", "Trakt", environ=listen).stdout == url
    assert running.get(url.strip()).content.startswith(b"BEGIN:VCALENDAR")
    for closing in ("", "/"):
        answer = running.get(page.strip() + closing)
        assert (answer.status_code, answer.history) == (200, [])
        assert url.strip() in answer.text
        assert answer.headers["Referrer-Policy"] == "no-referrer"
    listing = line("feed", "list").stdout
    assert re.match(r"Trakt\n +last success +just now \(2026-04-18 12:00 UTC\)\n", listing)
    assert not re.search("[0-9a-f]{20}", listing)
    line.clock.pass_by(hours=-5)
    assert re.search("last success +just now", line("feed", "list").stdout)
    assert running.get(running.base + "/healthz").json()["calendars"] == [{"ready": True, "age": 0}]


def test_the_secrets_open_one_thing_each(running: RunningFeed) -> None:
    """The feed's secret does not open the page, nor the page's the feed."""
    secrets = running.service.store.secrets
    assert running.get(f"{running.base}/{secrets.calendars['Trakt']}").content == running.get().content
    assert running.get(f"{running.base}/{secrets.page}/Trakt.ics").status_code == 404
    assert running.get(running.page, method="POST").status_code == 405
    assert running.get(running.page, method="HEAD").content == b""


def test_a_renewed_address_replaces_the_old_one_at_once(line: Line, running: RunningFeed, exports: Exports) -> None:
    """The old address has no airings any more, the new one has the calendar; the page's is renewed by itself."""
    url, page, before = running.url, running.page, running.get()
    new = line("feed", "renew").stdout
    running.service.reload()
    assert (running.get().content, running.page) == (before.content, page)
    assert running.path in new
    old = running.get(url, {"If-None-Match": before.headers["ETag"]})
    exports.add(old.content)
    assert (old.status_code, old.content.count(b"BEGIN:VEVENT")) == (200, 1)
    assert "SUMMARY:⚠ Subscribe anew: Trakt\r\n".encode() in old.content
    assert b"DTSTART;VALUE=DATE:20260418\r\n" in old.content
    assert not any(
        secret.encode() in old.content.replace(b"\r\n ", b"") for secret in running.service.store.secrets.all
    )
    assert running.get(url, {"If-None-Match": old.headers["ETag"]}).status_code == 304
    line.ics.write_bytes(old.content)
    assert line("export").exit_code == 6
    assert line("feed", "renew", "--page").exit_code == 0
    running.service.reload()
    assert (running.get(page).status_code, running.get(running.page).status_code) == (404, 200)
    assert line("feed", "renew", "--page", "Trakt").exit_code == 2


def test_a_replaced_address_says_so_for_ninety_days(line: Line, running: RunningFeed) -> None:
    """The notice moves on each week and outlives a restart and further renewals; then the address is 404."""
    first = running.url
    assert line("feed", "renew").exit_code == 0
    line.clock.pass_by(days=10)
    running.service.reload()
    second = running.url
    assert b"DTSTART;VALUE=DATE:20260425\r\n" in running.get(first).content
    assert line("feed", "renew").exit_code == 0
    running.accounts.claims.close()
    with run_feed(line) as again:
        paths = [urlsplit(url).path for url in (first, second)]
        assert [again.get(again.base + path).content.count(b"BEGIN:VEVENT") for path in paths] == [1, 1]
        line.clock.pass_by(days=79, hours=23)
        again.service.reload()
        assert [again.get(again.base + path).status_code for path in paths] == [200, 200]
        line.clock.pass_by(hours=1)
        again.service.reload()
        assert [again.get(again.base + path).status_code for path in paths] == [404, 200]


def test_a_leaked_address_can_stop_at_once(line: Line, running: RunningFeed) -> None:
    """`feed renew --now` ends the old address and those before it; another renewal does not bring them back."""
    first = running.url
    assert line("feed", "renew").exit_code == 0
    running.service.reload()
    second = running.url
    assert line("feed", "renew", "--now").exit_code == 0
    assert line("feed", "renew").exit_code == 0
    running.service.reload()
    assert [running.get(url).status_code for url in (first, second, running.url)] == [404, 404, 200]


def test_a_running_server_hears_of_a_renewal_by_itself() -> None:
    """Within moments, and without a restart, the old address is gone; the start names the command that prints it."""
    with run_demo_process("serve", "--listen", "127.0.0.1:0") as (process, base):
        environ = os.environ | {"TRAKT_ICAL_LISTEN": base.removeprefix("http://")}
        feed = [sys.executable, "-m", "trakt_ical", "--demo", "feed"]
        assert process.stderr is not None
        assert process.stderr.readline().endswith(" trakt-ical --demo feed page\n")
        page = subprocess.run([*feed, "page"], env=environ, capture_output=True, text=True, check=True).stdout.strip()
        assert requests.get(page, timeout=60).status_code == 200
        subprocess.run([*feed, "renew", "--page"], env=environ, capture_output=True, check=True)
        while requests.get(page, timeout=60).status_code != 404:
            assert requests.get(base + "/healthz", timeout=60).status_code in (200, 503)


def test_each_named_calendar_is_a_feed(line: Line, tmp_path: Path) -> None:
    """Two calendars have two addresses and are fetched at once; where one is not believed, the other is refreshed."""
    settings = tmp_path / "config.toml"
    settings.write_text('[calendar.Shows]\n[calendar."Films at home"]\nkind = ["streaming"]\n', encoding="utf-8")
    line.environ["TRAKT_ICAL_CONFIG"] = str(settings)
    del line.environ["TRAKT_ICAL_OUTPUT"]
    with run_feed(line) as running:
        running.refresh()
        base = {"TRAKT_ICAL_LISTEN": running.base.removeprefix("http://")}
        urls = {name: line("feed", "url", name, environ=base).stdout.strip() for name in ("Shows", "Films at home")}
        assert urls["Films at home"].endswith("/Films%20at%20home.ics")
        shows, films = (running.get(url) for url in urls.values())
        assert b"\r\nNAME:Films at home\r\n" in films.content
        assert b"-streaming@trakt-ical" in films.content
        assert b"-streaming@trakt-ical" not in shows.content
        assert running.get(urls["Shows"].replace("Shows.ics", "Films%20at%20home.ics")).content == shows.content
        line.demo.misbehave(Fault(path="/calendars/my/shows/", empty_list=True, times=0))
        line.clock.pass_by(hours=2)
        running.refresh()
        again = {name: running.get(url).headers["Last-Success"] for name, url in urls.items()}
        assert again == {"Shows": "Sat, 18 Apr 2026 12:00:00 GMT", "Films at home": "Sat, 18 Apr 2026 14:00:00 GMT"}
        assert "trakt-ical feed accept Shows" in running.get(running.page).text
        assert running.get(running.base + "/healthz").json()["refresher"] == "failing"
    assert line("feed", "url").exit_code == 2
    assert line("feed", "renew", "shows").exit_code == 0
    assert re.findall(r"(?m)^\S.*", line("feed", "list").stdout) == ["Shows", "Films at home"]


def test_a_calendar_may_have_the_longest_name(line: Line, tmp_path: Path) -> None:
    """Whatever the settings allow as a name can be kept on disk, apart from one that differs in its end alone."""
    names = "ü" * 62 + "a", "ü" * 62 + "b"
    settings = tmp_path / "config.toml"
    settings.write_text("".join(f'[calendar."{name}"]\n' for name in names), encoding="utf-8")
    line.environ["TRAKT_ICAL_CONFIG"] = str(settings)
    del line.environ["TRAKT_ICAL_OUTPUT"]
    with run_feed(line) as running:
        running.refresh()
        for name in names:
            url = line("feed", "url", name).stdout.strip().replace("http://127.0.0.1:8642", running.base)
            assert f"\r\nNAME:{name}\r\n".encode() in running.get(url).content.replace(b"\r\n ", b"")


def test_an_event_is_found_in_the_stored_copies(running: RunningFeed) -> None:
    """What a link's page names comes from what is stored."""
    found = re.search(rb"UID:(trakt-101-\S+)\r\n", running.get().content)
    assert found
    event = running.service.store.find_event(found[1].decode())
    assert event
    assert found[0] in bytes(event.octets)
    assert running.service.store.find_event("trakt-0-s1e1@trakt-ical") is None


def test_a_feed_that_is_none_is_wrong_usage(line: Line) -> None:
    """The names that there are are told."""
    result = line("feed", "url", "Films")
    assert (result.exit_code, "Trakt" in result.stderr) == (2, True)


def test_secrets_are_random_kept_and_the_owners_alone(tmp_path: Path) -> None:
    """At least 128 bits, 0600 in a folder of 0700, the same at every start, another one for each."""
    path = tmp_path / "feed" / "secrets.json"
    first = SecretsFile(path).load(["A", "B"])
    assert SecretsFile(path).load(["B", "C"]).calendars.items() >= first.calendars.items()
    assert len(first.all) == 3
    assert all(len(bytes.fromhex(secret)) >= 16 for secret in first.all)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert not any(secret in repr(first) for secret in first.all)


def test_several_first_starts_make_one_secret(tmp_path: Path) -> None:
    """Processes that start at once agree."""
    found: list[Secrets] = []
    threads = [
        threading.Thread(target=lambda: found.append(SecretsFile(tmp_path / "secrets.json").load(["A"])))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(map(str, (each.all for each in found)))) == 1 == len({each.page for each in found})


@pytest.mark.parametrize("octets", [b"", b"{}", b"\xff", b'{"page": "", "calendars": {}}'])
def test_secrets_that_cannot_be_read_are_never_replaced(line: Line, octets: bytes) -> None:
    """New ones would lose every subscriber: exit 6 in one sentence; a server that runs keeps what it has."""
    with run_feed(line) as running:
        running.refresh()
        path = running.folder.secrets_file.path
        path.write_bytes(octets)
        running.service.reload()
        assert running.get().status_code == 200
    for command in ("serve", "feed url", "feed renew"):
        result = line(*command.split(), "--listen", "127.0.0.1:0") if command == "serve" else line(*command.split())
        assert (result.exit_code, str(path) in result.stderr) == (6, True)
    assert path.read_bytes() == octets


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("listen", "8642"),
        ("listen", "localhost"),
        ("listen", "localhost:x"),
        ("listen", "127.0.0.1:8642, [::1]"),
        ("listen", "localhost:70000"),
        ("listen", ""),
        ("public_url", "tv.example.org"),
        ("public_url", "https://tv.example.org/?x"),
        ("public_url", "https://tv.example.org/?"),
        ("public_url", "https://tv.example.org/#"),
        ("public_url", "https://tv.müller.example"),
        ("public_url", "https://tv.example.org/my tv"),
        ("trusted_proxies", "proxy"),
        ("refresh", "0"),
        ("notice_after", "-1"),
    ],
)
def test_settings_of_the_feed_are_checked(line: Line, setting: str, value: str) -> None:
    """A wrong one is exit 3, by its name."""
    result = line("feed", "list", environ={f"TRAKT_ICAL_{setting.upper()}": value})
    assert (result.exit_code, setting in result.stderr) == (3, True)


@pytest.mark.parametrize("public", ["https://tv.example.org/my/tv", "https://tv.example.org/my%20tv%C3%A9"])
def test_public_url_is_what_the_world_sees(line: Line, public: str) -> None:
    """Addresses begin with it, a path included, and the server answers with that path and without."""
    with run_feed(line, public_url=public + "/") as running:
        running.refresh()
        url = line("feed", "url", environ={"TRAKT_ICAL_PUBLIC_URL": public}).stdout.strip()
        assert url.startswith(public + "/")
        assert url in running.get(running.page).text
        for path in (url.removeprefix("https://tv.example.org"), url.removeprefix(public)):
            assert running.get(running.base + path).status_code == 200
        page = line("feed", "page", environ={"TRAKT_ICAL_PUBLIC_URL": public}).stdout.strip()
        for closing in ("", "/"):
            assert running.get(running.base + page.removeprefix("https://tv.example.org") + closing).status_code == 200


@pytest.mark.parametrize(
    ("url", "public"),
    [
        ("https://tv.example.org", True),
        ("http://tv.example.org", False),
        ("https://localhost", False),
        ("https://nas", False),
        ("https://nas.local", False),
        ("https://192.168.1.2", False),
        ("https://[::1]", False),
        ("https://1.1.1.1", True),
    ],
)
def test_what_google_can_reach(url: str, public: bool) -> None:
    """A feed is public at a name or number of the internet, over https."""
    assert is_public(url) is public


def test_addresses_to_listen_at() -> None:
    """Names, numbers, and numbers of IPv6 in brackets."""
    assert str(ListenAddress.parse("[::1]:80")) == "[::1]:80"
    assert ListenAddress.parse("0.0.0.0:80").url == "http://127.0.0.1:80"
    assert [is_loopback(host) for host in ("localhost", "127.9.9.9", "0.0.0.0", "nas")] == [
        True,
        True,
        False,
        False,
    ]


def test_open_to_the_world_is_warned_of() -> None:
    """Bound to all addresses without a public_url, the first thing said is a warning, and it names the samples."""
    command = [sys.executable, "-m", "trakt_ical", "--demo", "serve", "--listen", "0.0.0.0:0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        warning = process.stderr.readline()
        process.terminate()
        process.communicate(timeout=60)
    assert "0.0.0.0:0" in warning
    assert "public_url" in warning
    assert "samples/nginx.conf" in warning


def test_the_log_tells_who_asked_and_no_secret(line: Line, caplog: pytest.LogCaptureFixture) -> None:
    """Each request has a line with what came of it; of its path there is what everybody knows."""
    with run_feed(line) as running, caplog.at_level(logging.INFO, "trakt_ical.access"):
        running.refresh()
        running.get(headers={"User-Agent": "Thunderbird/153 é".encode("latin-1")})
        running.get(running.page)
        running.get(running.page + "/")
        running.get(running.url[:-1])
        running.get(running.url + "%0A200.ics")
        running.get(running.url + "?token=1")
        running.get(running.base + "/healthz")
        secrets = running.service.store.secrets.all
    lines = [record.getMessage() for record in caplog.records if record.name == "trakt_ical.access"]
    assert [line.split('"')[1] for line in lines] == [
        "GET /…/Trakt.ics",
        "GET /…",
        "GET /…",
        "GET /…",
        "GET /…",
        "GET /…/Trakt.ics",
        "GET /healthz",
    ]
    assert lines[0].startswith('127.0.0.1 "GET /…/Trakt.ics" 200 ')
    assert lines[0].endswith(r" 'Thunderbird/153 \xe9'")
    assert not any(secret[:8] in line for line in lines for secret in secrets)


class FixedSecrets:
    """Holds one secret."""

    all_secrets = frozenset(("s3cret",))


def test_no_logger_tells_a_secret(caplog: pytest.LogCaptureFixture) -> None:
    """Messages and tracebacks of ours and of the web server pass through the same mask."""
    told: list[str] = []

    class MessageLog(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            told.append(record.getMessage())

    ours, handler = logging.getLogger("trakt_ical"), MessageLog()
    ours.addHandler(handler)
    try:
        with access_log.mask_secrets(FixedSecrets()):
            try:
                raise ValueError("/s3cret/x")
            except ValueError:
                logging.getLogger("uvicorn.error").exception("at %s", "/s3cret")
            logging.getLogger("trakt_ical.any").warning("at %s", "s3cret")
        logging.getLogger("uvicorn.error").warning("later")
    finally:
        ours.removeHandler(handler)
    assert len(told) == 2
    assert "ValueError: /…/x" in told[0]
    assert "s3cret" not in "".join(told)


def test_hostile_titles_stay_titles(line: Line, demo: Demo, exports: Exports) -> None:
    """HTML and lines of iCalendar in a title are text in the feed and on the page."""
    with run_feed(line) as running:
        running.refresh()
        found = re.search(rb"UID:(trakt-\d+-s(\d+)e(\d+)@trakt-ical)\r\nDTSTAMP:\w+\r\n", running.get().content)
        assert found
        slug = find_slug(running.get().content, found[1].decode())
        title = "</script><img src=x onerror=alert(1)>\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nUID:x"
        before = running.get().content.count(b"\r\nBEGIN:VEVENT\r\n")
        demo.rename(slug, int(found[2]), int(found[3]), title)
        line.clock.pass_by(hours=2)
        running.refresh()
        calendar = running.get().content
        exports.add(calendar)
        assert b"onerror" in calendar.replace(b"\r\n ", b"")
        assert calendar.count(b"\r\nBEGIN:VEVENT\r\n") == before
        assert "<img src=x" not in running.get(running.page).text
