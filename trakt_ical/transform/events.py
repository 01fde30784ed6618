"""What is shown becomes the events of a calendar."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from trakt_ical.model import Airing, Episode, Event, Moment, Movie
from trakt_ical.transform.alarms import alarms
from trakt_ical.transform.codes import code_of
from trakt_ical.transform.rules import Rules
from trakt_ical.transform.showings import Showing
from trakt_ical.transform.uids import uid
from trakt_ical.transform.words import address, categories, clean

CheckIn: TypeAlias = Callable[[str, Moment], str]
"""The address that checks in to the airing of a UID, which starts then."""


def event(showing: Showing, rules: Rules, check_in: CheckIn | None = None) -> Event:
    """The event of *showing*, in the words of *rules*; with *check_in* a link for each of its members."""
    first, words = showing.members[0], rules.words
    if len(showing.members) > 1:
        episodes = [member for member in showing.members if isinstance(member, Episode)]
        summary, description = words.group_summary(episodes), words.group_about(episodes)
    else:
        summary, description = words.summary(first), words.about(first)
    if check_in:
        description = "\n\n".join(filter(None, (description, _links(showing, rules, check_in))))
    return Event(
        uid=showing.uid,
        summary=summary,
        description=description,
        start=showing.start,
        end=showing.end,
        location=clean(first.show.network) if isinstance(first, Episode) else "",
        categories=_categories(showing.members),
        link=address(first.link),
        alarms=alarms(showing.members, showing.start, summary, rules.alarms) if rules.alarms else (),
    )


def _links(showing: Showing, rules: Rules, check_in: CheckIn) -> str:
    """`Check in: ADDRESS`, with the code of the episode where there are several."""
    links = ((member, check_in(uid(member), showing.start)) for member in showing.members)
    if len(showing.members) == 1:
        return "".join(f"Check in: {link}" for _, link in links)
    return "\n".join(
        f"Check in to {code_of(member, rules.words.code)}: {link}"
        for member, link in links
        if isinstance(member, Episode)
    )


def _categories(members: Sequence[Airing]) -> tuple[str, ...]:
    first = members[0]
    if isinstance(first, Movie):
        return categories(first.genres, "Movie")
    if len(members) == 1:
        return categories(first.show.genres, first.kind.value)
    return categories(first.show.genres, *(each.kind.value for each in members if isinstance(each, Episode)))
