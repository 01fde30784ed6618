"""How requests to a CalDAV server are sent: to whom a password goes, which logins work, what is tried again."""

from __future__ import annotations

import gzip
import hashlib
import re
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.server import Reply, Request, run_server
from trakt_ical.errors import OutputError
from trakt_ical.export.caldav import CalDavServer
from trakt_ical.export.dav_client import PATIENCE, DavClient

XML = {"Content-Type": "application/xml"}
PROPS = '<?xml version="1.0"?><multistatus xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav">{}</multistatus>'
ENTRY = "<response><href>{}</href><propstat><prop>{}</prop><status>HTTP/1.1 200 OK</status></propstat></response>"
CALENDAR = "<resourcetype><collection/><C:calendar/></resourcetype><displayname>{}</displayname>"
TASKS = '<C:supported-calendar-component-set><C:comp name="VTODO"/></C:supported-calendar-component-set>'
HOME = ENTRY.format("/", "<C:calendar-home-set><href>/home/</href></C:calendar-home-set>")


def make_multistatus(*entries: str) -> Reply:
    return Reply(PROPS.format("".join(entries)).encode(), 207, XML)


def answer_with(*replies: Reply) -> Callable[[Request], Reply]:
    """Answer with each of *replies* once, and with the last one for ever."""
    left = list(replies)
    return lambda _: left.pop(0) if len(left) > 1 else left[0]


def find(url: str, name: str = "Trakt", slept: list[float] | None = None) -> str | None:
    client = DavClient(url, "me", "secret-pass", sleep=(slept if slept is not None else []).append)
    try:
        return CalDavServer(client).find_calendar(name)
    finally:
        client.close()


def test_a_password_goes_to_no_other_server() -> None:
    """Neither a redirect nor an address in an answer takes it there, and the message names the other server."""
    with run_server(lambda _: make_multistatus(HOME)) as (other, asked):
        elsewhere = HOME.replace("/home/", f"{other}/home/")
        for reply in (Reply(b"", 302, {"Location": f"{other}/dav/"}), make_multistatus(elsewhere)):
            with run_server(answer_with(reply)) as (url, _):
                with pytest.raises(OutputError, match=re.escape(other)) as error:
                    find(url)
                assert "secret-pass" not in str(error.value)
        assert asked == []


@pytest.mark.parametrize(
    ("url", "target", "expected"),
    [
        ("https://caldav.icloud.com/", "https://p34-caldav.icloud.com/1/", "https://p34-caldav.icloud.com/1/"),
        ("https://caldav.icloud.com/", "https://p34-caldav.icloud.com.example.com/", None),
        ("https://caldav.icloud.com/", "http://p34-caldav.icloud.com/", None),
        ("https://cal.example.com/", "https://p34-caldav.icloud.com/", None),
        ("https://cal.example.com/", "https://example.com/", None),
        ("https://cal.example.com/", "https://cal.example.com:8443/", None),
        ("https://cal.example.com/", "https://cal.example.com:443/a", "https://cal.example.com:443/a"),
        ("http://cal.example.com/", "https://cal.example.com/a", "https://cal.example.com/a"),
        ("http://cal.example.com:5232/", "https://cal.example.com/a", None),
        # A server behind a proxy that takes itself for one without encryption.
        ("https://cal.example.com:8443/dav/", "http://cal.example.com/a", "https://cal.example.com:8443/a"),
        ("https://cal.example.com/", "ftp://cal.example.com/", None),
    ],
)
def test_it_is_known_which_servers_are_the_same(url: str, target: str, expected: str | None) -> None:
    """The same host and port, or the same with encryption added; and the servers of iCloud."""
    client = DavClient(url, "me", "secret-pass")
    if expected is None:
        with pytest.raises(OutputError):
            client.check_destination(target)
    else:
        assert client.check_destination(target) == expected


def test_a_netrc_is_not_used(home: Path) -> None:
    """Without a user name nothing is sent, whatever the computer keeps for other programs."""
    (home / ".netrc").write_text("machine 127.0.0.1 login other password other-pass\n")
    (home / ".netrc").chmod(0o600)
    with run_server(answer_with(Reply(b"", 401, {"WWW-Authenticate": "Basic realm=x"}))) as (url, asked):
        client = DavClient(url, "", "")
        with pytest.raises(OutputError, match="login"):
            client.request("PROPFIND", url)
    assert [request.headers.get("Authorization") for request in asked] == [None]


def test_a_server_may_want_a_digest() -> None:
    """The password itself is then not sent again, and each later request takes no more than one attempt."""

    def answer(request: Request) -> Reply:
        given = dict(re.findall(r'(\w+)="?([^",]+)"?', request.headers.get("Authorization", "").partition(" ")[2]))
        first = hashlib.md5(b"me:realm:secret-pass").hexdigest()
        second = hashlib.md5(f"{request.method}:{request.path}".encode()).hexdigest()
        text = f"{first}:n0:{given.get('nc')}:{given.get('cnonce')}:auth:{second}"
        if given.get("response") == hashlib.md5(text.encode()).hexdigest():
            return make_multistatus(HOME, ENTRY.format("/home/t/", CALENDAR.format("Trakt")))
        return Reply(b"", 401, {"WWW-Authenticate": 'Digest realm="realm", nonce="n0", qop="auth"'})

    with run_server(answer) as (url, asked):
        assert find(url) == f"{url}/home/t/"
    assert [request.headers.get("Authorization", "").partition(" ")[0] for request in asked] == [
        *("Basic", "", "Digest"),
        "Digest",
    ]


def test_calendars_are_found_by_way_of_the_well_known_address() -> None:
    """Where nothing is at the url itself, `/.well-known/caldav` leads to the user, and the user to the calendars."""

    def answer(request: Request) -> Reply:
        match request.path:
            case "/.well-known/caldav":
                return Reply(b"", 301, {"Location": "/remote.php/dav"})
            case "/remote.php/dav":
                user = "<current-user-principal><href>users/me/</href></current-user-principal>"
                return make_multistatus(ENTRY.format("/remote.php/dav/", user))
            case "/remote.php/users/me/":
                return make_multistatus(HOME.replace("/home/", "/remote.php/dav/me"))
            case "/remote.php/dav/me/":
                return make_multistatus(ENTRY.format("trakt/", CALENDAR.format("Trakt &amp; Co")))
        return Reply(b"<html>", 200 if request.path == "/" else 404, {"Content-Type": "text/html"})

    with run_server(answer) as (url, _):
        assert find(f"{url}/", "Trakt & Co") == f"{url}/remote.php/dav/me/trakt/"


def test_a_calendar_of_tasks_is_none_and_two_of_one_name_are_told() -> None:
    """A calendar for tasks alone is passed over; two calendars of one name are an error that names the remedy."""
    tasks = ENTRY.format("/home/tasks/", CALENDAR.format("Trakt") + TASKS)
    one, two = (ENTRY.format(f"/home/{name}/", CALENDAR.format("Trakt")) for name in "ab")
    with run_server(answer_with(make_multistatus(HOME), make_multistatus(tasks, one))) as (url, _):
        assert find(url) == f"{url}/home/a/"
    with run_server(answer_with(make_multistatus(HOME), make_multistatus(one, two))) as (url, _):
        with pytest.raises(OutputError, match="address"):
            find(url)


@pytest.mark.parametrize(
    ("reply", "word"),
    [
        (Reply(b"<html>not xml", 207), "CalDAV"),
        (Reply(b'<?xml version="1.0" encoding="no"?><a/>', 207), "CalDAV"),
        (make_multistatus(HOME.replace("/home/", "http://[")), "address"),
        (make_multistatus(), "docs/push.md"),
        (Reply(b"", 404), "docs/push.md"),
        (Reply(b"", 403), "403"),
        (Reply(b"", 507), "room"),
        (Reply(b"", 500), "500"),
        (Reply(b"", 301, {"Location": "/"}), "circle"),
        (Reply(b"", 401, {"WWW-Authenticate": "Basic"}), "app password"),
        (Reply(b"", 401, {"WWW-Authenticate": "Digest"}), "reached"),
    ],
)
def test_each_odd_answer_is_one_sentence(reply: Reply, word: str) -> None:
    """It says what is wrong and which server it is, without the password."""
    with run_server(lambda _: reply) as (url, _):
        with pytest.raises(OutputError, match=word) as error:
            find(f"{url}/")
    assert "secret-pass" not in str(error.value)


def test_a_busy_server_is_asked_again() -> None:
    """After the pause that it asks for, as long as that is short; else the run goes on without it."""
    slept: list[float] = []
    busy = (Reply(b"", 429, {"Retry-After": "7"}), Reply(b"", 503), make_multistatus(HOME))
    with run_server(answer_with(*busy)) as (url, asked):
        assert find(url, slept=slept) is None
    assert slept[0] == 7
    assert len(slept) == 2
    with run_server(lambda _: Reply(b"", 503, {"Retry-After": f"{PATIENCE + 1:.0f}"})) as (url, asked):
        with pytest.raises(OutputError, match="503"):
            find(url)
    assert len(asked) == 1


def test_a_broken_connection_is_made_again() -> None:
    """A request whose answer got lost is sent again; after the third time it is given up."""
    with run_server(answer_with(Reply(status=0), make_multistatus(HOME))) as (url, _):
        assert find(url) is None
    with run_server(answer_with(Reply(status=0))) as (url, asked):
        with pytest.raises(OutputError, match="reached"):
            find(url)
    assert len(asked) == 3


def test_a_server_without_encryption_at_a_secure_address_is_told() -> None:
    """A password is not sent, and the message says what is wrong."""
    with run_server(lambda _: Reply()) as (url, _):
        with pytest.raises(OutputError, match="https"):
            find(url.replace("http:", "https:"))


def test_a_calendar_may_not_have_an_address_that_is_none() -> None:
    """It is joined to the address of the server, and is then no more of one."""
    with pytest.raises(OutputError, match="address"):
        find("https://cal.example.com/", "//[::1/")


def test_an_answer_has_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of size, once it is unpacked, and of time, however little is sent at once."""
    monkeypatch.setattr("trakt_ical.export.dav_client.LARGEST", 2**20)
    packed = Reply(gzip.compress(bytes(2**22)), 207, {"Content-Encoding": "gzip"})
    with run_server(lambda _: packed) as (url, _), pytest.raises(OutputError, match="MiB"):
        find(url)
    monkeypatch.setattr("trakt_ical.export.dav_client.LONGEST", 0)
    has_come, slept = threading.Event(), list[float]()

    def answer(_: Request) -> Reply:
        has_come.set()
        return make_multistatus(HOME)

    with run_server(answer) as (url, asked):
        with pytest.raises(OutputError, match="in time"):
            find(url, slept=slept)
        assert has_come.wait(60)  # who waits for no time at all may be gone before the server has read the request
    assert (len(asked), slept) == (1, [])
