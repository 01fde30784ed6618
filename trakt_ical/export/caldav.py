"""A calendar on a CalDAV server (RFC 4791), by plain requests: six kinds of them are all that a mirror needs.

python-caldav (3.6) would bring discovery too, but it needs niquests, and that needs urllib3-future, which overwrites
the files of urllib3, on which all requests to Trakt rest.
"""

from __future__ import annotations

import hashlib
import logging
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import quote, urljoin, urlsplit
from xml.sax.saxutils import escape

from trakt_ical.errors import OutputError
from trakt_ical.export.dav_client import BUSY, WRONG_PLACE, join_url
from trakt_ical.export.mirror import (
    CollectionGone,
    EditedMeanwhile,
    EventRefused,
    Mark,
    MirroredEvent,
    PutForbidden,
    UidTaken,
    list_ours,
)

if TYPE_CHECKING:
    import requests

    from trakt_ical.export.dav_client import DavClient

log = logging.getLogger(__name__)

WELL_KNOWN = "/.well-known/caldav"
DAV, CALDAV = "{DAV:}", "{urn:ietf:params:xml:ns:caldav}"
KINDS = "<D:resourcetype/><C:supported-calendar-component-set/>"
TAKEN = (b"no-uid-conflict", b"unique-scheduling-object-resource")
# What a server says of the one event, and not of the calendar: the others may be sent all the same.
UNFIT = (400, 413, 415, 422)
UNFIT_WORDS = (
    b"valid-calendar-data",
    b"valid-calendar-object-resource",
    b"supported-calendar-data",
    b"supported-calendar-component",
    b"max-resource-size",
    b"min-date-time",
    b"max-date-time",
)
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
    """The server that *client* is a user of, with the user's calendars."""

    def __init__(self, client: DavClient) -> None:
        self._client = client
        self._home: str | None = None

    def find_calendar(self, name: str) -> str | None:
        """Return the address of the user's calendar called *name*, None where there is none.

        *name* may also be an address itself, of a calendar that must exist. Raises OutputError.
        """
        if is_address(name):
            url = join_url(self._client.url, name)
            return self._check_calendar(url if url.endswith("/") else url + "/")
        self._home = self._find_home()
        answer = self._find(self._home, f"<D:displayname/>{KINDS}", depth=1)
        found = [
            join_url(answer.url, href)
            for href, properties in _read_properties(answer)
            if _takes_events(properties) and _read_text(properties, f"{DAV}displayname") == name
        ]
        if len(found) > 1:
            raise OutputError(
                f"{self._client.host} has {len(found)} calendars called {name}. Give one of them another name there, "
                "or set calendar to the address of the one to use."
            )
        return found[0] if found else None

    def _check_calendar(self, url: str) -> str:
        """Return *url* if a calendar is there. Raises OutputError."""
        answer = self._ask(url, KINDS)
        if answer.status_code not in (207, 404, 405, 410):
            raise self._client.explain_status(answer)
        if not _is_calendar(answer):
            raise OutputError(f"{self._client.host} has no calendar for events at the address in the setting calendar.")
        return answer.url

    def _find_home(self) -> str:
        """Return where the user's calendars are, by way of the principal (RFC 5397, RFC 6764)."""
        names = "<D:current-user-principal/><C:calendar-home-set/>"
        faults = []
        for start in (self._client.url, urljoin(self._client.url, WELL_KNOWN)):
            answer = self._ask(start, names)
            if answer.status_code in BUSY:
                raise self._client.explain_status(answer)
            if answer.status_code != 207:
                faults.append(self._client.explain_status(answer))
                continue
            # Some servers tell both at once.
            home = _find_href(answer, f"{CALDAV}calendar-home-set")
            principal = _find_href(answer, f"{DAV}current-user-principal")
            if home is None and principal is not None:
                answer = self._find(join_url(answer.url, principal), "<C:calendar-home-set/>")
                home = _find_href(answer, f"{CALDAV}calendar-home-set")
            if home is not None:
                home = join_url(answer.url, home)
                return home if home.endswith("/") else home + "/"
        raise faults[0] if faults else OutputError(f"{self._client.host} {WRONG_PLACE}")

    def _ask(self, url: str, names: str, *, depth: int = 0) -> requests.Response:
        """Return the answer, of whatever status, to the question for the properties *names* of what is at *url*."""
        return self._client.request("PROPFIND", url, FIND.format(names), {"Depth": str(depth)})

    def _find(self, url: str, names: str, *, depth: int = 0) -> requests.Response:
        """Return the properties *names* of what is at *url*. Raises OutputError where they are not given."""
        answer = self._ask(url, names, depth=depth)
        if answer.status_code != 207:
            raise self._client.explain_status(answer)
        return answer

    def make_calendar(self, name: str, color: str) -> tuple[str, bool]:
        """Make a calendar called *name*, and return its address, and whether it is new. Raises OutputError."""
        url = urljoin(self._home or self._find_home(), f"trakt-ical-{_make_slug(name)}/")
        answer = self._client.request("MKCALENDAR", url, MAKE.format(name=escape(name), color=color))
        if answer.status_code in (200, 201):
            log.info("Made the calendar %s at %s", name, self._client.host)
            return answer.url, True
        # It may be there under another name, which the user gave it since, or by a first attempt whose answer was lost.
        there = self._ask(url, KINDS)
        if _is_calendar(there):
            return there.url, False
        raise OutputError(
            f"{self._client.host} does not let programs make calendars (it answered {answer.status_code}). "
            f"Make a calendar called {name} there yourself."
        )


class CalDavCollection:
    """The calendar at *url*, where *client* may write."""

    def __init__(self, client: DavClient, url: str) -> None:
        self._client = client
        self.url = url

    def load_events(self) -> dict[str, MirroredEvent]:
        """Return the events of trakt-ical, by one REPORT. Raises CollectionGone."""
        answer = self._client.request("REPORT", self.url, READ_BACK, {"Depth": "1"})
        if answer.status_code in (404, 410):
            raise CollectionGone
        if answer.status_code != 207:
            raise self._client.explain_status(answer)
        texts = []
        for href, properties in _read_properties(answer):
            etag, ics = _read_text(properties, f"{DAV}getetag"), _read_text(properties, f"{CALDAV}calendar-data")
            if ics:
                texts.append((join_url(answer.url, href), etag, ics))
        return dict(list_ours(texts))

    def find_event(self, href: str) -> MirroredEvent | None:
        """Return the event of trakt-ical at *href*, by one GET."""
        answer = self._client.request("GET", href)
        if answer.status_code in (404, 410):
            return None
        if answer.status_code != 200:
            raise self._client.explain_status(answer)
        text = answer.content.decode(errors="replace")
        found = dict(list_ours([(href, answer.headers.get("ETag", ""), text)]))
        if not found:
            raise EventRefused
        return next(iter(found.values()))

    def put(self, uid: str, octets: bytes, mark: Mark, known: MirroredEvent | None) -> MirroredEvent:
        """Put one event, on the condition that nobody else changed it."""
        href = known.href if known else urljoin(self.url, quote(uid, safe="@") + ".ics")
        headers = {"Content-Type": "text/calendar; charset=utf-8"} | _make_condition(known)
        answer = self._client.request("PUT", href, octets, headers)
        status = answer.status_code
        if status in (200, 201, 204):
            return MirroredEvent(href, answer.headers.get("ETag", ""), mark)
        if status in (403, 409, 412) and any(word in answer.content for word in TAKEN):
            raise UidTaken
        if status in UNFIT or (status in (403, 409, 412) and any(word in answer.content for word in UNFIT_WORDS)):
            log.info("%s refused an event: %s", self._client.host, status)
            raise EventRefused
        if status == 412 or (status == 404 and known):
            raise EditedMeanwhile(href)
        if status == 403:
            raise PutForbidden
        if status in (404, 409, 410):
            raise CollectionGone
        raise self._client.explain_status(answer)

    def delete(self, known: MirroredEvent) -> None:
        """Delete one event, on the condition that nobody else changed it."""
        answer = self._client.request("DELETE", known.href, headers=_make_condition(known))
        if answer.status_code == 412:
            raise EditedMeanwhile(known.href)
        if answer.status_code not in (200, 202, 204, 404, 410):
            raise self._client.explain_status(answer)


def _make_condition(known: MirroredEvent | None) -> dict[str, str]:
    if known is None:
        return {"If-None-Match": "*"}
    # A weak ETag never fits, and some servers give none after a PUT. What is there is then replaced without a look,
    # which would end the same: a change at the source counts more than an edit.
    return {"If-Match": known.etag} if known.etag and not known.etag.startswith("W/") else {}


def _make_slug(name: str) -> str:
    """Return *name* as a part of an address; two names have two."""
    slug = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in name.lower()).strip("-")
    return slug if slug == name else f"{slug}-{hashlib.blake2b(name.encode(), digest_size=4).hexdigest()}".lstrip("-")


def is_address(calendar: str) -> bool:
    """Whether *calendar* of the settings is an address, and no name."""
    return calendar.startswith(("https://", "http://", "/"))


def _is_calendar(answer: requests.Response) -> bool:
    """Whether *answer*, to a question for KINDS, is that of a calendar for events."""
    return answer.status_code == 207 and any(_takes_events(each) for _, each in _read_properties(answer))


def _takes_events(properties: Mapping[str, ET.Element]) -> bool:
    """Whether the resource with these *properties* is a calendar, and not one for tasks alone."""
    kinds = properties.get(f"{DAV}resourcetype")
    if kinds is None or kinds.find(f"{CALDAV}calendar") is None:
        return False
    components = properties.get(f"{CALDAV}supported-calendar-component-set")
    names = [each.get("name") for each in components] if components is not None else []
    return not names or "VEVENT" in names


def _read_text(properties: Mapping[str, ET.Element], name: str) -> str:
    found = properties.get(name)
    return (found.text or "") if found is not None else ""


def _read_properties(answer: requests.Response) -> list[tuple[str, dict[str, ET.Element]]]:
    """Return the properties that a multistatus *answer* gives, by the address of each resource. Raises OutputError."""
    try:
        root = ET.fromstring(answer.content)  # noqa: S314  expat expands no entity without end, and none of a file
    except (ET.ParseError, ValueError, LookupError) as error:  # of the text, of its encoding
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
