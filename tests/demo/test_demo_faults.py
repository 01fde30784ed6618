"""The built-in Trakt when it is told to misbehave, from Python and over HTTP."""

import socket
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
import requests

from tests.demos import Demo, make_headers, make_login
from trakt_ical.demo import Body, Drop, Fault

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
CALENDAR = "/calendars/my/shows/2026-11-01/33"
HARBOR = {"show": {"ids": {"slug": "harbor-nine"}}, "episode": {"season": 13, "number": 4}}


@pytest.fixture
def trakt() -> Iterator[Demo]:
    """A demo whose clock stands still."""
    with Demo(now=lambda: NOW) as running:
        yield running


class Client:
    """A program that is logged in."""

    def __init__(self, trakt: Demo) -> None:
        self.trakt = trakt
        self.session = requests.Session()
        self.session.headers.update(make_headers(trakt))

    def get(self, path: str = CALENDAR) -> requests.Response:
        return self.session.get(self.trakt.url + path, timeout=60, allow_redirects=False)

    def check_in(self, api: str = "v2") -> requests.Response:
        match api:
            case "v2":
                return self.session.post(f"{self.trakt.url}/checkin", json=HARBOR, timeout=60)
            case "v1":
                return self.post_v1("/show/checkin", tvdb_id=400101, season=13, episode=4)
            case _:
                return self.post_v1("/movie/checkin", tmdb_id=970736)

    def cancel(self, api: str) -> requests.Response:
        if api == "v1":
            return self.post_v1("/show/cancelcheckin")
        return self.session.delete(f"{self.trakt.url}/checkin", timeout=60)

    def post_v1(self, path: str, **fields: object) -> requests.Response:
        username, digest = make_login(self.trakt)
        body = {"username": username, "password": digest, **fields}
        return requests.post(f"{self.trakt.url}{path}/{self.trakt.api_key}", json=body, timeout=60)

    def is_watching(self) -> bool:
        return self.get("/users/me/watching").status_code == 200

    def is_watching_by_v1(self) -> bool:
        return self.get(f"/user/watching.json/{self.trakt.api_key}/{self.trakt.username}").json() != {}


@pytest.fixture
def client(trakt: Demo) -> Iterator[Client]:
    """A program that is logged in."""
    opened = Client(trakt)
    with opened.session:
        yield opened


def test_a_fault_hits_as_often_as_it_says(client: Client) -> None:
    """After the skipped requests so many are hit, then all is well again."""
    client.trakt.misbehave(Fault(path="^/calendars/", status=503, skip=1, times=2))
    assert [client.get().status_code for _ in range(4)] == [200, 503, 503, 200]


def test_a_fault_may_stay(client: Client) -> None:
    """A fault without a number of times hits every request, until the demo behaves."""
    client.trakt.misbehave(Fault(status=500, times=0))
    assert [client.get().status_code for _ in range(3)] == [500] * 3
    client.trakt.behave()
    assert client.get().status_code == 200


def test_a_fault_hits_only_what_it_is_meant_for(client: Client) -> None:
    """Path and method choose the requests; several faults take turns."""
    client.trakt.misbehave(Fault(path="checkin", method="post", status=500), Fault(path="shows", status=502))
    assert client.get("/users/settings").status_code == 200
    assert client.get().status_code == 502
    assert client.check_in().status_code == 500
    assert not client.is_watching()


@pytest.mark.parametrize(
    ("fault", "status", "kind"),
    [
        (Fault(status=503), 503, "text/html"),
        (Fault(status=429, body=Body.HTML, retry_after=300), 429, "text/html"),
        (Fault(body=Body.GARBAGE), 200, "application/json"),
        (Fault(status=500, body=Body.JSON), 500, "application/json"),
        (Fault(status=200, body=Body.EMPTY), 200, "text/html"),
        (Fault(status=522, body=Body.HTML), 522, "text/html"),
    ],
)
def test_an_answer_may_be_replaced(client: Client, fault: Fault, status: int, kind: str) -> None:
    """Status and body are those of the fault."""
    client.trakt.misbehave(fault)
    answer = client.get()
    assert answer.status_code == status
    assert answer.headers["Content-Type"].startswith(kind)
    assert answer.headers.get("Retry-After") == (str(fault.retry_after) if fault.retry_after else None)
    cloudflare = fault.body is Body.HTML
    assert ("X-Request-Id" in answer.headers) is not cloudflare
    assert ("blocked" in answer.text) is cloudflare


def test_garbage_is_not_json(client: Client) -> None:
    """A body of garbage says that it is JSON and is none."""
    client.trakt.misbehave(Fault(body=Body.GARBAGE))
    with pytest.raises(ValueError, match=r"JSON|Unterminated|Expecting"):
        client.get().json()


def test_header_fields_may_be_added(client: Client) -> None:
    """A fault can lock the account, ask for an upgrade or send the client elsewhere."""
    client.trakt.misbehave(
        Fault(status=423, headers={"X-Account-Locked": "true"}),
        Fault(status=301, location="https://example.org/"),
    )
    assert client.get().headers["X-Account-Locked"] == "true"
    assert client.get().headers["Location"] == "https://example.org/"


def test_a_full_calendar_may_come_empty(client: Client) -> None:
    """The answer lists nothing and looks well otherwise."""
    client.trakt.misbehave(Fault(empty_list=True))
    answer = client.get()
    assert (answer.status_code, answer.json()) == (200, [])
    assert "X-End-Date" in answer.headers


def test_an_empty_list_has_not_the_etag_of_the_full_one(client: Client) -> None:
    """Who keeps the empty answer is not told afterwards that it is still the right one."""
    full = client.get().headers["ETag"]
    client.trakt.misbehave(Fault(empty_list=True))
    assert client.get().headers.get("ETag") != full


def test_the_date_may_be_wrong(client: Client) -> None:
    """Answers bear the demo's own time, or one that is off."""
    assert parsedate_to_datetime(client.get().headers["Date"]) == NOW
    client.trakt.misbehave(Fault(date_offset=timedelta(days=-2)))
    assert parsedate_to_datetime(client.get().headers["Date"]) == NOW - timedelta(days=2)


@pytest.mark.parametrize("api", ["v2", "v1", "v1 movie"])
@pytest.mark.parametrize("drop", list(Drop))
def test_a_dropped_check_in_may_have_counted(client: Client, api: str, drop: Drop) -> None:
    """The connection closes without an answer, before the check-in began or after; then all is well again."""
    client.trakt.misbehave(Fault(path="checkin", method="POST", drop=drop))
    with pytest.raises(requests.ConnectionError):
        client.check_in(api)
    counted = drop is Drop.AFTER
    assert client.is_watching() is client.is_watching_by_v1() is counted
    assert is_refused(client.check_in(api)) is counted
    assert client.is_watching()


@pytest.mark.parametrize("api", ["v2", "v1", "v1 movie"])
@pytest.mark.parametrize("status", [500, 502, 503, 520])
@pytest.mark.parametrize("counted", [False, True])
def test_a_failed_check_in_may_have_counted(client: Client, api: str, status: int, *, counted: bool) -> None:
    """A 5xx does not say whether the check-in began; what is watched does, and so does a second one."""
    client.trakt.misbehave(Fault(path="checkin", method="POST", status=status, takes_effect=counted))
    assert client.check_in(api).status_code == status
    assert client.is_watching() is client.is_watching_by_v1() is counted
    assert is_refused(client.check_in(api)) is counted


@pytest.mark.parametrize("api", ["v2", "v1"])
def test_a_cancel_may_have_counted(client: Client, api: str) -> None:
    """The end of a check-in is lost or not in the same ways."""
    client.check_in("v2")
    client.trakt.misbehave(Fault(status=503), Fault(drop=Drop.AFTER, path="checkin"))
    assert client.cancel(api).status_code == 503
    assert client.is_watching()
    with pytest.raises(requests.ConnectionError):
        client.cancel(api)
    assert not client.is_watching()


def is_refused(answer: requests.Response) -> bool:
    """Another check-in runs already, as either API says so."""
    return answer.status_code == 409 or answer.json().get("status") == "failure"


def test_an_answer_may_end_half_way(client: Client) -> None:
    """Less comes than Content-Length promised."""
    client.trakt.misbehave(Fault(truncate=True))
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        client.get()
    assert client.get().status_code == 200


def test_an_answer_may_be_late(client: Client) -> None:
    """A delay holds the answer back."""
    client.trakt.misbehave(Fault(delay=0.2))
    before = time.monotonic()
    assert client.get().status_code == 200
    assert time.monotonic() - before >= 0.2


def test_api_v1_fails_in_its_own_words(trakt: Demo) -> None:
    """A fault without a body speaks as the API that was asked."""
    trakt.misbehave(Fault(status=503))
    url = f"{trakt.url}/user/calendar/shows.json/{trakt.api_key}/demo"
    answer = requests.get(url, timeout=60)
    assert answer.status_code == 503
    assert answer.json() == {"status": "failure", "error": "server is over capacity"}


def test_requests_are_remembered(client: Client) -> None:
    """What came in can be looked at: method, path, query, header fields, body."""
    client.get("/calendars/my/shows?extended=full")
    client.check_in()
    first, second = client.trakt.requests
    assert (first.method, first.path, first.query) == ("GET", "/calendars/my/shows", {"extended": "full"})
    assert first.headers["TRAKT-API-VERSION"] == "2"
    assert second.json() == HARBOR


def control(client: Client, method: str, path: str, body: object = None) -> Any:
    """Send a control request and give its answer."""
    answer = requests.request(method, client.trakt.url + path, json=body, timeout=60)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_faults_are_set_over_http(client: Client) -> None:
    """A shell with curl can do what Python can; control requests are neither spoiled nor remembered."""
    control(client, "POST", "/demo/faults", {"status": 503, "times": 0})
    assert client.get().status_code == 503
    assert control(client, "DELETE", "/demo/faults") == {}
    control(client, "POST", "/demo/faults", [{"drop": "before"}, {"date_offset": 90, "body": None}])
    with pytest.raises(requests.ConnectionError):
        client.get()
    assert parsedate_to_datetime(client.get().headers["Date"]) == NOW + timedelta(seconds=90)
    seen = control(client, "GET", "/demo/requests")
    assert [each["path"] for each in seen] == [CALENDAR] * 3
    assert seen == control(client, "GET", "/demo/requests")


def test_changes_are_made_over_http(client: Client) -> None:
    """Episodes move, change and go, shows are hidden, tokens end."""
    shift = {"show": "the-long-shift", "season": 16, "number": 2}

    def list_titles() -> list[str]:
        return [it["episode"]["title"] for it in client.get("/calendars/my/shows/2026-11-24/1").json()]

    before = list_titles()
    control(client, "POST", "/demo/changes", {"change": "rename", **shift, "title": "Whales"})
    assert "Whales" in list_titles()
    control(client, "POST", "/demo/changes", {"change": "move", **shift, "minutes": 1440})
    assert "Whales" not in list_titles()
    control(client, "POST", "/demo/changes", {"change": "restore", **shift})
    assert list_titles() == before
    control(client, "POST", "/demo/changes", {"change": "remove", **shift})
    assert len(list_titles()) == len(before) - 1
    control(client, "POST", "/demo/changes", {"change": "hide", "show": "lava-line", "section": "dropped"})
    assert "lava-line" in client.get("/users/hidden/dropped?limit=50").text
    control(client, "POST", "/demo/changes", {"change": "unhide", "show": "lava-line"})
    assert "lava-line" not in client.get("/users/hidden/dropped?limit=50").text
    control(client, "POST", "/demo/expire")
    assert client.get().status_code == 401


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/demo/faults", {"stauts": 503}),
        ("/demo/faults", {"path": "("}),
        ("/demo/faults", {"body": "marble"}),
        ("/demo/faults", 5),
        ("/demo/changes", {"change": "paint", "show": "lava-line", "season": 1, "number": 1}),
        ("/demo/changes", {"change": "remove", "show": "lava-line", "season": 1, "number": 99}),
        ("/demo/changes", {"change": "hide", "show": "nobody"}),
        ("/demo/changes", {}),
    ],
)
def test_control_requests_are_refused_in_words(trakt: Demo, path: str, body: object) -> None:
    """What cannot be understood is a 400 that says why."""
    answer = requests.post(trakt.url + path, json=body, timeout=60)
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_a_demo_stops_at_once() -> None:
    """Neither an idle connection nor a delay of a minute holds a demo up, and the port is closed."""
    with Demo() as trakt:
        client = Client(trakt)
        client.get("/users/settings")
        trakt.misbehave(Fault(delay=60))
        waiting = socket.create_connection(("127.0.0.1", int(trakt.url.rpartition(":")[2])))
        waiting.sendall(b"GET /activate HTTP/1.1\r\nHost: demo\r\nUser-Agent: test\r\n\r\n")
        while len(trakt.requests) < 2:
            time.sleep(0.001)
        before = time.monotonic()
    assert time.monotonic() - before < 30
    waiting.close()
    with pytest.raises(requests.ConnectionError):
        client.get()
    client.session.close()
