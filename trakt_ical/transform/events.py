"""Showings become the events of a calendar: times, words, links and alarms put together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from trakt_ical.model import Airing, Episode, Event, Moment, Movie
from trakt_ical.transform.alarms import make_alarms
from trakt_ical.transform.codes import format_code
from trakt_ical.transform.event_text import MOVIE, clean_url, list_categories, shorten_summary
from trakt_ical.transform.grouping import Showing
from trakt_ical.transform.rules import Rules
from trakt_ical.transform.uids import make_uid


class CheckInLinks(Protocol):
    """Gives each event its address for checking in."""

    def make_link(self, uid: str, start: Moment) -> str:
        """Return the address that checks in to the airing *uid*, which starts at *start*."""
        ...


def make_event(showing: Showing, rules: Rules, check_in_links: CheckInLinks | None = None) -> Event:
    """Make the event of *showing* by *rules*; with *check_in_links* its text has a check-in link for each episode."""
    first, words = showing.members[0], rules.words
    if len(showing.members) > 1:
        episodes = [member for member in showing.members if isinstance(member, Episode)]
        summary, description = words.make_group_summary(episodes), words.make_group_description(episodes)
    else:
        summary, description = words.make_summary(first), words.make_description(first)
    summary = shorten_summary(summary)
    # Whatever the template says: the licence of the source asks for its credit.
    credit = first.show.credit if isinstance(first, Episode) else ""
    links = _make_links(showing, rules, check_in_links) if check_in_links else ""
    if credit or links:
        description = "\n\n".join(filter(None, (description, credit, links)))
    return Event(
        uid=showing.uid,
        summary=summary,
        description=description,
        start=showing.start,
        end=showing.end,
        location=words.make_location(first),
        categories=_make_categories(showing.members),
        link=clean_url(first.link),
        alarms=make_alarms(showing.members, showing.start, summary, rules.alarms) if rules.alarms else (),
        credit=credit,
    )


def _make_links(showing: Showing, rules: Rules, check_in_links: CheckInLinks) -> str:
    """Return `Check in: ADDRESS`, with the code of the episode where there are several."""
    links = ((member, check_in_links.make_link(make_uid(member), showing.start)) for member in showing.members)
    if len(showing.members) == 1:
        return "".join(f"Check in: {link}" for _, link in links)
    return "\n".join(
        f"Check in to {format_code(member, rules.words.code)}: {link}"
        for member, link in links
        if isinstance(member, Episode)
    )


def _make_categories(members: Sequence[Airing]) -> tuple[str, ...]:
    first = members[0]
    if isinstance(first, Movie):
        return list_categories(first.genres, MOVIE)
    if len(members) == 1:
        return list_categories(first.show.genres, first.kind.value)
    return list_categories(first.show.genres, *(each.kind.value for each in members if isinstance(each, Episode)))
