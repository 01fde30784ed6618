"""What is shown becomes the events of a calendar."""

from __future__ import annotations

from collections.abc import Sequence

from trakt_ical.model import Airing, Episode, Event, Movie
from trakt_ical.transform.alarms import alarms
from trakt_ical.transform.rules import Rules
from trakt_ical.transform.showings import Showing
from trakt_ical.transform.words import address, categories, clean


def event(showing: Showing, rules: Rules) -> Event:
    """The event of *showing*, in the words of *rules*."""
    first, words = showing.members[0], rules.words
    if len(showing.members) > 1:
        episodes = [member for member in showing.members if isinstance(member, Episode)]
        summary, description = words.group_summary(episodes), words.group_about(episodes)
    else:
        summary, description = words.summary(first), words.about(first)
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


def _categories(members: Sequence[Airing]) -> tuple[str, ...]:
    first = members[0]
    if isinstance(first, Movie):
        return categories(first.genres, "Movie")
    return categories(first.show.genres, *(each.kind.value for each in members if isinstance(each, Episode)))
