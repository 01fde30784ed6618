"""A calendar on a CalDAV server (RFC 4791), by plain requests: six kinds of them are all that a mirror needs.

python-caldav would bring discovery too, but with it comes a package that overwrites the files of urllib3, on which
all requests to Trakt rest.
"""

from __future__ import annotations

import logging
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from urllib.parse import quote, urljoin, urlsplit
from xml.sax.saxutils import escape

import requests
from requests.auth import HTTPBasicAuth, HTTPDigestAuth

from trakt_ical.errors import OutputError
from trakt_ical.export.mirror import CollectionGone, EditedMeanwhile, Mark, MirroredEvent, UidTaken, list_ours
from trakt_ical.http import is_loopback

log = logging.getLogger(__name__)

TIMEOUT = (10, 60)  # seconds to connect, and between two reads; a small server is slow among a thousand events
MOST_REDIRECTS = 5
WELL_KNOWN = "/.well-known/caldav"
DAV, CALDAV = "{DAV:}", "{urn:ietf:params:xml:ns:caldav}"
TAKEN = (b"no-uid-conflict", b"unique-scheduling-object-resource")
SPACES = 'xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav" xmlns:A="http://apple.com/ns/ical/"'
FIND = f'<?xml version="1.0" encoding="utf-8"?>\n<D:propfind {SPACES}><D:prop>{{}}</D:prop></D:propfind>'
# Whole events, once a day: Xandikos gives nothing of an event that lacks one of the properties asked for, and
# Radicale sends all in any case.
READ_BACK = f"""<?xml version="1.0" encoding="utf-8"?>
<C:calendar-query {SPACES}>
<D:prop><D:getetag/><C:calendar-data/></D:prop>
<C:filter><C:comp-filter name="VCALENDAR"><C:comp-filter name="VEVENT"/></C:comp-filter></C:filter>
</C:calendar-query>"""
MAKE = f"""<?xml version="1.0" encoding="utf-8"?>
<C:mkcalendar {SPACES}>
<D:set><D:prop><D:displayname>{{name}}</D:displayname><A:calendar-color>{{color}}</A:calendar-color>
<C:supported-calendar-component-set><C:comp name="VEVENT"/></C:supported-calendar-component-set>
</D:prop></D:set></C:mkcalendar>"""


class CalDavServer:
    """The server at *url*, to which a user is logged in."""

    def __init__(self, url: str, username: str, password: str) -> None:
        self._url = url
        self._host = urlsplit(url).netloc
        self._login = (username, password)
        self._session = requests.Session()
        self._session.trust_env = True
        # Sent before it is asked for, it spares a request; where the way is not safe, the server must ask first.
        if username and (urlsplit(url).scheme == "https" or is_loopback(urlsplit(url).hostname or "")):
            self._session.auth = HTTPBasicAuth(username.encode(), password.encode())

    def close(self) -> None:
        """End the connection."""
        self._session.close()

    def find_collection(self, name: str) -> tuple[str, str | None]:
        """Return where the user's calendars are, and the address of the one called *name*, None where there is none.

        Raises OutputError.
        """
        home = self._find_home()
        answer = self._find(home, "<D:resourcetype/><D:displayname/>", depth=1)
        for href, properties in _read_properties(answer):
            kinds = properties.get(f"{DAV}resourcetype")
            title = properties.get(f"{DAV}displayname")
            is_calendar = kinds is not None and kinds.find(f"{CALDAV}calendar") is not None
            if is_calendar and title is not None and (title.text or "") == name:
                return home, urljoin(home, href)
        return home, None

    def _find_home(self) -> str:
        """Return where the user's calendars are, by way of the principal (RFC 5397, RFC 6764)."""
        names = "<D:current-user-principal/><C:calendar-home-set/>"
        for start in (self._url, urljoin(self._url, WELL_KNOWN)):
            answer = self._find(start, names, depth=0, may_fail=True)
            if answer is None:
                continue
            # Some servers tell both at once.
            if home := _find_href(answer, f"{CALDAV}calendar-home-set"):
                return urljoin(answer.url, home)
            principal = _find_href(answer, f"{DAV}current-user-principal")
            told = self._find(urljoin(answer.url, principal), "<C:calendar-home-set/>", depth=0) if principal else None
            if told and (home := _find_href(told, f"{CALDAV}calendar-home-set")):
                return urljoin(told.url, home)
        raise OutputError(f"{self._host} has no calendars at this address. See docs/push.md for the url to use.")

    def _find(self, url: str, names: str, *, depth: int, may_fail: bool = False) -> requests.Response | None:
        answer = self.request("PROPFIND", url, FIND.format(names), {"Depth": str(depth)})
        if answer.status_code == 207:
            return answer
        if may_fail and answer.status_code in (400, 404, 405, 410, 501):
            return None
        raise self.explain_status(answer)

    def make_collection(self, home: str, name: str, color: str) -> str:
        """Make a calendar called *name* in *home*, and return its address. Raises OutputError."""
        slug = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in name.lower()).strip("-")
        url = urljoin(home.rstrip("/") + "/", f"trakt-ical-{slug or 'calendar'}/")
        answer = self.request("MKCALENDAR", url, MAKE.format(name=escape(name), color=color))
        if answer.status_code not in (200, 201):
            reason = f"it answered {answer.status_code}"
            raise OutputError(f"{self._host} did not make the calendar {name}: {reason}. Make it there yourself.")
        log.info("Made the calendar %s at %s", name, self._host)
        return url

    def request(
        self, method: str, url: str, body: str | bytes = b"", headers: Mapping[str, str] | None = None
    ) -> requests.Response:
        """Send one request, and follow redirects with the same method. Raises OutputError."""
        octets = body.encode() if isinstance(body, str) else body
        headers = {"Content-Type": "application/xml; charset=utf-8"} | dict(headers or {})
        for _ in range(MOST_REDIRECTS):
            answer = self._send(method, url, octets, headers)
            if answer.status_code == 401 and self._accept_challenge(answer):
                answer = self._send(method, url, octets, headers)
            if answer.status_code not in (301, 302, 307, 308):
                break
            target = urljoin(url, answer.headers.get("Location", ""))
            if url.startswith("https:") and not target.startswith("https:"):
                raise OutputError(f"{self._host} leads to an address without encryption.")
            url = target
        if answer.status_code == 401:
            raise OutputError(
                f"{self._host} refused the login. Are username and password right? Many servers want an app password."
            )
        answer.url = url
        return answer

    def _send(self, method: str, url: str, octets: bytes, headers: Mapping[str, str]) -> requests.Response:
        try:
            answer = self._session.request(
                method, url, data=octets, headers=headers, timeout=TIMEOUT, allow_redirects=False
            )
        except (requests.RequestException, OSError, ValueError) as error:
            log.info("%s: %s", self._host, type(error).__name__)
            raise OutputError(f"{self._host} cannot be reached, or did not answer in time.") from error
        log.debug("%s at %s: %s, %d octets", method, self._host, answer.status_code, len(answer.content))
        return answer

    def _accept_challenge(self, answer: requests.Response) -> bool:
        """Log in as the server asks for it; return whether that is worth a second attempt."""
        challenge = answer.headers.get("WWW-Authenticate", "").lower()
        username, password = self._login
        if not username:
            return False
        if "digest" in challenge and not isinstance(self._session.auth, HTTPDigestAuth):
            self._session.auth = HTTPDigestAuth(username, password)
            return True
        if "basic" in challenge and self._session.auth is None:
            self._session.auth = HTTPBasicAuth(username.encode(), password.encode())
            return True
        return False

    def explain_status(self, answer: requests.Response) -> OutputError:
        """Return the error for an *answer* that is none of the expected ones."""
        status = answer.status_code
        if status in (423, 429) or status >= 500:
            return OutputError(f"{self._host} cannot answer just now ({status}).")
        if status == 403:
            return OutputError(f"{self._host} does not allow that to this user (403).")
        if status == 404:
            return OutputError(f"{self._host} has no calendars at this address. See docs/push.md for the url to use.")
        return OutputError(f"{self._host} does not answer as a CalDAV server does ({status}).")


class CalDavCollection:
    """The calendar at *url* of *server*."""

    def __init__(self, server: CalDavServer, url: str) -> None:
        self._server = server
        self.url = url

    def load_events(self) -> dict[str, MirroredEvent]:
        """Return our events, by one REPORT. Raises CollectionGone."""
        answer = self._server.request("REPORT", self.url, READ_BACK, {"Depth": "1"})
        if answer.status_code in (404, 410):
            raise CollectionGone
        if answer.status_code != 207:
            raise self._server.explain_status(answer)
        texts = []
        for href, properties in _read_properties(answer):
            etag, ics = properties.get(f"{DAV}getetag"), properties.get(f"{CALDAV}calendar-data")
            if ics is not None:
                texts.append((urljoin(self.url, href), (etag.text or "") if etag is not None else "", ics.text or ""))
        return dict(list_ours(texts))

    def find_event(self, href: str) -> MirroredEvent | None:
        """Return our event at *href*, by one GET."""
        answer = self._server.request("GET", href)
        if answer.status_code in (404, 410):
            return None
        if answer.status_code != 200:
            raise self._server.explain_status(answer)
        text = answer.content.decode(errors="replace")
        found = dict(list_ours([(href, answer.headers.get("ETag", ""), text)]))
        if not found:
            raise OutputError("The calendar on the server has an event of another program where ours would be.")
        return next(iter(found.values()))

    def put(self, uid: str, octets: bytes, mark: Mark, known: MirroredEvent | None) -> MirroredEvent:
        """Put one event, on the condition that nobody else changed it."""
        href = known.href if known else urljoin(self.url, quote(uid, safe="@") + ".ics")
        headers = {"Content-Type": "text/calendar; charset=utf-8"} | _make_condition(known)
        answer = self._server.request("PUT", href, octets, headers)
        status = answer.status_code
        if status in (403, 409, 412) and any(word in answer.content for word in TAKEN):
            raise UidTaken
        if status == 412 or (status == 404 and known):
            raise EditedMeanwhile(href)
        if status in (404, 409):
            raise CollectionGone
        if status not in (200, 201, 204):
            raise self._server.explain_status(answer)
        return MirroredEvent(href, answer.headers.get("ETag", ""), mark)

    def delete(self, known: MirroredEvent) -> None:
        """Delete one event, on the condition that nobody else changed it."""
        answer = self._server.request("DELETE", known.href, headers=_make_condition(known))
        if answer.status_code == 412:
            raise EditedMeanwhile(known.href)
        if answer.status_code not in (200, 202, 204, 404, 410):
            raise self._server.explain_status(answer)


def _make_condition(known: MirroredEvent | None) -> dict[str, str]:
    if known is None:
        return {"If-None-Match": "*"}
    # A weak ETag never fits, and some servers give none after a PUT.
    return {"If-Match": known.etag} if known.etag and not known.etag.startswith("W/") else {}


def _read_properties(answer: requests.Response | None) -> list[tuple[str, dict[str, ET.Element]]]:
    """Return the properties that a multistatus *answer* gives, by the address of each resource. Raises OutputError."""
    if answer is None:
        return []
    try:
        root = ET.fromstring(answer.content)  # noqa: S314  expat expands no entity without end, and none of a file
    except ET.ParseError as error:
        raise OutputError(f"{urlsplit(answer.url).netloc} does not answer as a CalDAV server does.") from error
    found = []
    for response in root.iter(f"{DAV}response"):
        href = (response.findtext(f"{DAV}href") or "").strip()
        properties: dict[str, ET.Element] = {}
        for part in response.iter(f"{DAV}propstat"):
            if " 200" in (part.findtext(f"{DAV}status") or " 200"):
                properties |= {each.tag: each for prop in part.iter(f"{DAV}prop") for each in prop}
        found.append((href, properties))
    return found


def _find_href(answer: requests.Response, name: str) -> str | None:
    """Return the address that the property *name* gives."""
    for _, properties in _read_properties(answer):
        found = properties.get(name)
        href = found.findtext(f"{DAV}href") if found is not None else None
        if href:
            return href.strip()
    return None
