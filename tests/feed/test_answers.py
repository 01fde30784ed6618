"""What subscribers are answered: addresses, conditions, codings; over real HTTP where a client could tell."""

from __future__ import annotations

import gzip
import json
import re
import socket
import weakref
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from urllib.parse import urlsplit

import pytest

from tests.calendars import find_slug
from tests.conftest import Line
from tests.feeds import RunningFeed, run_feed
from trakt_ical.feed.answers import NOT_YET_FETCHED, Answer, CalendarAnswers, Feed, FixedBody, accepts_gzip, parse_etags
from trakt_ical.feed.directory import AccountHealth, CalendarHealth, Directory, Feeds, Health, SecretHash
from trakt_ical.feed.feed_store import LastModifiedFile
from trakt_ical.http import parse_http_date

CHANGED = datetime(2026, 4, 18, 12, tzinfo=UTC)
OCTETS = b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n" * 50
SERVED = CalendarAnswers("Trakt", FixedBody(OCTETS), CHANGED, CHANGED)
PLAIN = dict(SERVED.answer("GET", {}).headers)[b"etag"]
PACKED = dict(SERVED.answer("GET", {b"accept-encoding": b"gzip"}).headers)[b"etag"]
DATE = b"Sat, 18 Apr 2026 12:00:00 GMT"
BEFORE = b"Sat, 18 Apr 2026 11:59:59 GMT"
SECRET, PAGE, OTHER = "1" * 40, "2" * 40, "3" * 40


class FailingService:
    """A service with one copy and one that is missing, whose refresher fails."""

    def check_health(self) -> Health:
        calendars = [CalendarHealth(is_ready=True, age=60.5), CalendarHealth(is_ready=False, age=None)]
        return Health([AccountHealth(calendars, "failing")])


class EmptyPage:
    """A page with nothing on it."""

    def render_page(self, base_url: str) -> bytes:
        return base_url.encode()


DRAWN = EmptyPage()


def make_feeds(prefix: str = "") -> Feeds:
    directory = Directory(FailingService(), prefix)
    directory.put("", {SECRET: Feed(SERVED), OTHER: Feed(NOT_YET_FETCHED), PAGE: DRAWN}, ())
    return directory.feeds


def test_an_account_that_has_nothing_any_more_is_forgotten() -> None:
    """A closed account costs no memory, its secrets are masked no more, and the others go on."""
    directory, closed = Directory(FailingService()), EmptyPage()
    directory.put("", {SECRET: Feed(SERVED)}, [SECRET])
    directory.put(closed, {PAGE: closed}, [PAGE])
    directory.put(closed, {}, ())
    seen = weakref.ref(closed)
    del closed
    assert seen() is None
    assert (directory.all_secrets, len(directory.feeds.targets)) == ({SECRET}, 1)


@pytest.mark.parametrize(
    ("condition", "status"),
    [
        (PLAIN, 304),
        (PACKED, 304),
        (b"W/" + PLAIN, 304),
        (b'"other", ' + PLAIN, 304),
        (b'W/"other",W/' + PACKED + b" , ", 304),
        (PLAIN[:-1] + b'-br"', 304),
        (b"W/" + PLAIN[:-1] + b'-zstd"', 304),
        (PACKED[:-1] + b'-gzip"', 304),
        (PACKED[:-1] + b'--gzip-br"', 304),
        (PLAIN[:-1] + b';gz"', 304),
        (PLAIN[:-1] + b';;;"', 304),
        (PLAIN[:-1] + b'0"', 200),
        (PLAIN[:-2] + b'-gzip"', 200),
        (PLAIN[:-1] + b";a" * 10_000 + b'1"', 200),
        (b"*", 304),
        (b" * ", 304),
        (b'"*"', 200),
        (b'"other"', 200),
        (b'"a,b", ' + PLAIN, 304),
        (PLAIN.strip(b'"'), 200),
        (b"", 200),
        (b'"', 200),
        (b"w/" + PLAIN, 200),
        (b'"\x00"', 200),
        (b"," * 5000, 200),
        (b"\xff\xfe", 200),
    ],
)
def test_if_none_match_is_compared_weakly_with_both_tags(condition: bytes, status: int) -> None:
    """A list of tags, weak or strong, with or without suffixes of packing, or `*`; a broken list matches nothing."""
    assert SERVED.answer("GET", {b"if-none-match": condition}).status == status
    assert SERVED.answer("HEAD", {b"if-none-match": condition}).status == status


@pytest.mark.parametrize(
    ("condition", "status"),
    [
        (DATE, 304),
        (b"Saturday, 18-Apr-26 12:00:00 GMT", 304),
        (b"Sat Apr 18 12:00:00 2026", 304),
        (b"Fri, 01 Jan 2100 00:00:00 GMT", 304),
        (BEFORE, 200),
        (b"yesterday", 200),
        (b"", 200),
        (b"Sat, 99 Apr 2026 99:00:00 GMT", 200),
        (b"Sat, 18 Apr 99999999999 12:00:00 GMT", 200),
        (b"\xe9", 200),
    ],
)
def test_if_modified_since_is_read_in_whole_seconds(condition: bytes, status: int) -> None:
    """All three forms of an HTTP date are known; a bad one is as none."""
    assert SERVED.answer("GET", {b"if-modified-since": condition}).status == status


def test_a_tag_says_more_than_a_date() -> None:
    """With If-None-Match, If-Modified-Since is not looked at."""
    assert SERVED.answer("GET", {b"if-none-match": b'"x"', b"if-modified-since": DATE}).status == 200
    assert SERVED.answer("GET", {b"if-none-match": PLAIN, b"if-modified-since": BEFORE}).status == 304


@pytest.mark.parametrize(
    ("accepted", "packed"),
    [
        (b"gzip", True),
        (b"deflate, GZIP;q=0.5", True),
        (b"gzip, deflate, br, zstd", True),
        (b"x-gzip", True),
        (b"*", True),
        (b"*;q=0, gzip", True),
        (b"gzip;q=0", False),
        (b"gzip;q=0, *", False),
        (b"gzip;q=0.000", False),
        (b"*;q=0", False),
        (b"identity", False),
        (b"br", False),
        (b"", False),
        (b"gzip;q=no", False),
        (b"gzip;q=1.2.3", False),
        (b";;,,=\xff", False),
    ],
)
def test_gzip_is_for_those_who_take_it(accepted: bytes, packed: bool) -> None:
    """Accept-Encoding is read with its weights; what cannot be read takes nothing."""
    assert accepts_gzip(accepted) is packed
    answer = SERVED.answer("GET", {b"accept-encoding": accepted})
    assert (dict(answer.headers).get(b"content-encoding") == b"gzip") is packed
    assert (gzip.decompress(answer.body) if packed else answer.body) == OCTETS


def test_a_304_repeats_what_a_200_said() -> None:
    """ETag, Last-Modified, Cache-Control, Vary and the last success are those of the same request's 200."""
    for coding in ({}, {b"accept-encoding": b"gzip"}):
        whole = dict(SERVED.answer("GET", coding).headers)
        known = dict(SERVED.answer("GET", coding | {b"if-none-match": b"*"}).headers)
        assert known.keys() == {
            b"etag",
            b"last-modified",
            b"cache-control",
            b"vary",
            b"access-control-allow-origin",
            b"last-success",
        }
        assert known.items() <= whole.items()
    assert PLAIN != PACKED


def test_a_condition_that_cannot_be_read_is_none() -> None:
    """No header value makes a reader fail."""
    assert parse_etags(b'"a" "b"') == frozenset()
    assert parse_http_date("1") is None
    assert parse_http_date("Sat, 18 Apr 2026 12:00:00 -9999999") is None


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"/{SECRET}/Trakt.ics", 200),
        (f"/{OTHER}/TV shows/é.ics", 503),
        ("/robots.txt", 200),
        ("/healthz", 503),
        (f"/{SECRET}/trakt.Ics", 200),
        (f"/{SECRET}/Trakt", 200),
        (f"/{SECRET}/Trakt.ics/", 200),
        (f"/{SECRET}/Some/other%20name+é.ics", 200),
        (f"/{OTHER}/TV shows/e\u0301.ics", 503),
        (f"/{OTHER}/Trakt.ics", 503),
        (f"/{SECRET}/", 200),
        (f"/{SECRET}", 200),
        (f"/{SECRET}.ics", 404),
        (f"/{SECRET.upper()}x", 404),
        (f"//{SECRET}/Trakt.ics", 404),
        (f"/x/../{SECRET}/Trakt.ics", 404),
        (f"{SECRET}/Trakt.ics", 404),
        (f"x{SECRET}/Trakt.ics", 404),
        (f"/{SECRET[:-1]}/Trakt.ics", 404),
        (f"/{SECRET}\ud800/Trakt.ics", 404),
        (f"/{PAGE[:-1]}", 404),
        ("", 404),
        ("/", 404),
        ("*", 404),
    ],
)
def test_a_path_is_right_or_404(path: str, status: int) -> None:
    """The secret alone finds a calendar; every path without one has the same answer, whatever the method."""
    answer = make_feeds().answer("GET", path, {})
    assert isinstance(answer, Answer)
    assert answer.status == status
    for method in ("POST", "PROPFIND", "OPTIONS", "x"):
        other = make_feeds().answer(method, path, {})
        assert isinstance(other, Answer)
        assert (other.status, other.body) == ((404, answer.body) if status == 404 else (405, other.body))
        assert status == 404 or (b"allow", b"GET, HEAD") in other.headers


def test_only_a_calendar_is_open_to_other_origins(running: RunningFeed) -> None:
    """A page of another origin may read a calendar and its 304, but not the page, and nothing without a secret."""
    known = {"If-None-Match": running.get().headers["ETag"]}
    for headers, method in (({}, "GET"), ({}, "HEAD"), (known, "GET"), ({"Origin": "https://x.example"}, "GET")):
        assert running.get(headers=headers, method=method).headers["Access-Control-Allow-Origin"] == "*"
    for url in (running.page, running.base + "/healthz", running.base + "/robots.txt", running.base + "/x"):
        assert "Access-Control-Allow-Origin" not in running.get(url).headers


@pytest.mark.parametrize(
    "name",
    [
        "",
        "/",
        "/Trakt",
        "/Trakt.Ics",
        "/Trakt.ics/",
        "/Trakt.ics?x=%zz",
        "/TV%20shows.ics",
        "/TV+shows.ics",
        "/TV%2520shows.ics",
        "/s%C3%A9ries.ics",
        "/se%CC%81ries.ics",
        "/séries.ics",
        "/%E9.ics",
        "%2FTrakt.ics",
    ],
)
def test_the_secret_finds_the_calendar_however_a_program_writes_the_rest(running: RunningFeed, name: str) -> None:
    """Without the extension, with a slash, encoded in another way or not at all: the same calendar."""
    address = urlsplit(running.base)
    secret = running.path.split("/")[1]
    request = f"GET /{secret}{name} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode()
    with socket.create_connection((str(address.hostname), address.port or 0), timeout=60) as connection:
        # In two parts, as a slow line would bring it.
        connection.sendall(request[:60])
        connection.sendall(request[60:])
        answer = connection.makefile("rb").read()
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert answer.endswith(b"END:VCALENDAR\r\n")


@pytest.mark.parametrize("rest", ["", "/", "/check-in"])
def test_what_lies_below_the_pages_secret_is_not_the_feeds(rest: str) -> None:
    """The page has a secret of its own, which opens no calendar."""
    assert make_feeds().answer("GET", f"/{PAGE}{rest}", {}) is DRAWN
    assert make_feeds().answer("GET", f"/tv/{PAGE}{rest}", {}) is not DRAWN
    with_prefix = make_feeds(prefix="/tv")
    assert with_prefix.answer("GET", with_prefix.strip_prefix(f"/tv/{PAGE}{rest}"), {}) is DRAWN


def test_a_prefix_may_be_left_or_taken_off() -> None:
    """Where `public_url` has a path, a proxy may pass it on or not."""
    with_prefix = make_feeds(prefix="/tv")
    for path in (f"/tv/{SECRET}/Trakt.ics", f"/{SECRET}/Trakt.ics"):
        answer = with_prefix.answer("GET", with_prefix.strip_prefix(path), {})
        assert isinstance(answer, Answer)
        assert answer.status == 200


def test_health_tells_readiness_and_ages() -> None:
    """`/healthz` is 503 until every calendar of some account can be served, and names the worst refresher."""
    whole = AccountHealth([CalendarHealth(is_ready=True, age=1.0)], "well")
    foreign = AccountHealth([CalendarHealth(is_ready=False, age=None, is_foreign=True)], "crashed")
    assert Health([whole]).answer().status == 200
    assert Health([foreign]).answer().status == 503
    answer = Health([whole, foreign]).answer()
    assert (answer.status, json.loads(answer.body)["refresher"]) == (200, "crashed")
    assert json.loads(answer.body)["foreign"] == 1
    found = make_feeds().answer("GET", "/healthz", {})
    assert isinstance(found, Answer)
    assert json.loads(found.body) == {
        "ready": False,
        "refresher": "failing",
        "refreshers": {"failing": 1},
        "foreign": 0,
        "calendars": [{"ready": True, "age": 60}, {"ready": False, "age": None}],
    }


@pytest.mark.parametrize(
    ("query", "status", "stale"),
    [
        ("", 200, None),
        ("x=1", 200, None),
        ("max_age=6h", 200, False),
        ("max_age=60m&x=1", 200, False),
        ("max_age=3599s", 503, True),
        ("max_age=0d", 503, True),
        ("max_age=", 400, None),
        ("max_age=6", 400, None),
        ("max_age=-1h", 400, None),
        ("max_age=6h&max_age=7h", 400, None),
        ("max_age=%FF%00", 400, None),
        ("max_age=99999999999999999999d", 400, None),
    ],
)
def test_health_is_asked_for_an_age(query: str, status: int, stale: bool | None) -> None:
    """`max_age` turns a calendar that is older into 503, with its age; no length of time is 400."""

    class FixedHealth:
        def check_health(self) -> Health:
            calendars = [CalendarHealth(is_ready=True, age=age) for age in (3600.0, 60.0)]
            never = AccountHealth([CalendarHealth(is_ready=False, age=None)], "failing")
            return Health([AccountHealth(calendars, "failing"), never])

    feeds = Feeds({}, SecretHash(), FixedHealth())
    for method in ("GET", "HEAD"):
        answer = feeds.answer(method, "/healthz", {}, query.encode())
        assert isinstance(answer, Answer)
        assert answer.status == status
    answer = feeds.answer("GET", "/healthz", {}, query.encode())
    assert isinstance(answer, Answer)
    found = json.loads(answer.body) if status != 400 else {}
    assert (found.get("stale"), found.get("age")) == (stale, None if stale is None else 3600)


@pytest.mark.parametrize(
    ("name", "disposition"),
    [
        ("Trakt", b'inline; filename="Trakt.ics"'),
        ('a"b\\', b"inline; filename=\"a_b_.ics\"; filename*=UTF-8''a%22b%5C.ics"),
        ("Fernsehen für alle\r\n", b"filename*=UTF-8''Fernsehen%20f%C3%BCr%20alle%0D%0A.ics"),
    ],
)
def test_any_name_can_be_saved_under(name: str, disposition: bytes) -> None:
    """Content-Disposition bears the calendar's name, and no character that would break the header."""
    told = dict(CalendarAnswers(name, FixedBody(OCTETS), CHANGED, None).answer("GET", {}).headers)[
        b"content-disposition"
    ]
    assert told.endswith(disposition)
    assert told.isascii()
    assert b"\n" not in told


def test_the_headers_are_those_that_programs_need(running: RunningFeed) -> None:
    """Type, name, caching, and that no search engine keeps it; HEAD has the same as GET, and no body."""
    got = running.get()
    assert got.status_code == 200
    assert got.content.startswith(b"BEGIN:VCALENDAR\r\n")
    expected = {
        "Content-Type": "text/calendar; charset=utf-8",
        "Content-Disposition": 'inline; filename="Trakt.ics"',
        "Content-Length": str(len(got.content)),
        "Cache-Control": "private, max-age=900",
        "Vary": "Accept-Encoding",
        "X-Robots-Tag": "noindex",
        "Last-Modified": "Sat, 18 Apr 2026 12:00:00 GMT",
        "Last-Success": "Sat, 18 Apr 2026 12:00:00 GMT",
    }
    assert expected.items() <= got.headers.items()
    assert not {"server", "set-cookie", "location"} & {name.lower() for name in got.headers}
    head = running.get(method="HEAD")
    assert head.content == b""
    assert {**head.headers, "date": ""} == {**got.headers, "date": ""}


def test_gzip_over_http_has_its_own_tag_and_either_is_taken_back(running: RunningFeed) -> None:
    """The packed form unpacks to the plain one, and both tags are known in both forms."""
    plain, packed = running.get(), running.get(headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.content == plain.content
    assert packed.headers["ETag"] == plain.headers["ETag"][:-1] + '-gzip"'
    for tag in (plain.headers["ETag"], packed.headers["ETag"]):
        for coding in ("identity", "gzip"):
            answer = running.get(headers={"If-None-Match": tag, "Accept-Encoding": coding})
            assert (answer.status_code, answer.content) == (304, b"")


def test_conditions_that_come_in_two_lines_are_one_list(running: RunningFeed) -> None:
    """A field that is sent twice is the list of both."""
    import http.client

    tag = running.get().headers["ETag"]
    connection = http.client.HTTPConnection(running.base.removeprefix("http://"))
    connection.putrequest("GET", running.path)
    connection.putheader("If-None-Match", tag)
    connection.putheader("If-None-Match", '"other"')
    connection.endheaders()
    assert connection.getresponse().status == 304
    connection.close()


def test_an_event_that_merely_leaves_is_seen_by_date_alone(running: RunningFeed, line: Line) -> None:
    """Last-Modified moves with the octets, by a second at least, for clients that send If-Modified-Since alone."""
    first = running.get()
    since = {"If-Modified-Since": first.headers["Last-Modified"]}
    assert running.get(headers=since).status_code == 304
    past = re.search(rb"UID:(trakt-\d+-s(\d+)e(\d+)@trakt-ical)\r\n", first.content)
    assert past
    uid = past[1].decode()
    line.demo.remove(find_slug(first.content, uid), int(past[2]), int(past[3]))
    line.clock.pass_by(hours=2)
    running.refresh()
    second = running.get(headers=since)
    assert second.status_code == 200
    assert uid.encode() not in second.content
    assert parsedate_to_datetime(second.headers["Last-Modified"]) > parsedate_to_datetime(
        first.headers["Last-Modified"]
    )


def test_last_modified_is_kept_over_a_restart_and_always_rises(line: Line) -> None:
    """A restart changes no header; a change within the same second is a second later."""
    with run_feed(line) as running:
        running.refresh()
        before = running.get()
    line.clock.pass_by(hours=5)
    with run_feed(line) as running:
        again = running.get()
        assert {**again.headers, "date": ""} == {**before.headers, "date": ""}
        line.clock.now = datetime(2026, 4, 18, 12, tzinfo=UTC)
        kept = LastModifiedFile(running.folder.last_modified_path)
        assert kept.find("Trakt", "another", line.clock.now) == line.clock.now + timedelta(seconds=1)


def test_the_first_octets_are_stamped_with_now(running: RunningFeed) -> None:
    """Last-Modified is a date that clients can send back."""
    assert running.get().headers["Last-Modified"] == format_datetime(running.clock.now, usegmt=True)
