"""Whose an event on a server is."""

from __future__ import annotations

from trakt_ical.export.mirror import Mark, WantedEvent, list_ours, select_own
from trakt_ical.export.stored_calendar import StoredEvent

EVENT = "BEGIN:VEVENT\r\nUID:{}\r\nSEQUENCE:1\r\nX-TRAKT-ICAL-REV:abc\r\nEND:VEVENT\r\n"
ANNA = "v2/my/anna/A calendar with a name that is too long for one line of the iCalendar file/shows"


def make_wanted(number: int, calendar_id: str = ANNA) -> WantedEvent:
    uid = f"trakt-{number}-s1e1@trakt-ical"
    event = StoredEvent(uid, EVENT.format(uid).encode(), "20260420T100000Z", "20260420T100000Z", 1, "abc")
    return WantedEvent(uid, Mark(1, "abc"), event, calendar_id)


def test_an_event_says_itself_whose_it_is() -> None:
    """A server that keeps the event alone, and puts a calendar of its own around it, gives it back all the same."""
    text = make_wanted(1).render().decode()
    kept = text[text.index("BEGIN:VEVENT") : text.index("END:VCALENDAR")]
    ((uid, found),) = list_ours([("/1", "", f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{kept}END:VCALENDAR\r\n")])
    assert (uid, found.mark, found.owner) == (make_wanted(1).uid, Mark(1, "abc"), "v2/anna")
    assert "\r\n\r\n" not in text


def test_an_event_without_an_owner_is_ours_only_where_that_is_known() -> None:
    """One that is wanted is not sent twice; one that is not may be somebody else's, and stays."""
    texts = {number: make_wanted(number).render().decode() for number in (1, 2, 3)}
    texts[4] = make_wanted(4, "v2/my/bob/TV/shows").render().decode()
    for number in (1, 2, 3):
        lines = make_wanted(number).event.octets
        texts[number] = f"BEGIN:VCALENDAR\r\n{bytes(lines).decode()}END:VCALENDAR\r\n"
    found = dict(list_ours((f"/{number}", "", text) for number, text in texts.items()))
    wanted = {each.uid: each for each in (make_wanted(1), make_wanted(4))}
    own = select_own(found, wanted, known={make_wanted(2).uid})
    assert [each.href for each in own.values()] == ["/1", "/2"]
