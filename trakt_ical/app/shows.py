"""Which show of the imported list is which show at TVmaze, for people to check and to settle."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from trakt_ical.app.context import App
from trakt_ical.app.open_source import make_connection
from trakt_ical.fetch.tvmaze.kept import Facts, KeptAnswers
from trakt_ical.fetch.tvmaze.match import make_list_key
from trakt_ical.fetch.tvmaze.source import ListedShow, open_source
from trakt_ical.transform.codes import split_code
from trakt_ical.transform.title_matching import match_titles

ORDER = ("ahead", "matched", "clashing", "unmatched", "off")


def list_shows(app: App) -> list[ListedShow]:
    """Return the shows of the list: what is on soonest comes first, then the others by their titles.

    Asks TVmaze only for what is not kept. Raises TraktIcalError.
    """
    with open_source(make_connection(app)) as source:
        return sorted(source.list_pairs(), key=_find_order)


def _find_order(show: ListedShow) -> tuple[int, str, str]:
    return ORDER.index(show.state), show.first, show.imported.title.casefold()


class PairsSummary(msgspec.Struct, frozen=True):
    """What the last run knew: how many shows are *listed* and *paired*, the keys that clash, the specials left out."""

    listed: int
    paired: int
    clashes: Sequence[str]
    specials: int


def summarize_pairs(app: App) -> PairsSummary:
    """Return what is known of the list without asking anybody. Raises SettingsError where there is no list."""
    facts, imported = _load_facts(app), app.load_imported_list()
    names = {make_list_key(show): show.title for show in imported.shows}
    clashes = sorted(names.get(key) or key for key in facts.clashes)
    specials = sum(facts.shows[number].specials for number in facts.numbers)
    return PairsSummary(len(imported.shows), len(facts.pairs), clashes, specials)


def describe_unpaired(app: App, query: str) -> str:
    """Return, in a sentence, why nothing is known of the shows that *query* names, "" where they are paired."""
    facts, title = _load_facts(app), split_code(query)[0]
    shows = {make_list_key(show): show for show in app.load_imported_list().shows}
    named = match_titles(title, {key: [show.title] for key, show in shows.items() if show.title}) if title else ()
    reasons = [
        f"{shows[key].title} is in your list, but {_describe_lack(facts, key)}."
        for key in named
        if key not in facts.pairs
    ]
    return " ".join([*reasons, f"See: {app.complete_command('trakt-ical shows')}"]) if reasons else ""


def _describe_lack(facts: Facts, key: str) -> str:
    if key in facts.off:
        return "off in [shows]"
    return facts.clashes.get(key, "TVmaze lists no such show with an episode ahead")


def _load_facts(app: App) -> Facts:
    answers = app.find_answers_folder("my")
    return KeptAnswers(app.find_facts_folder(answers), answers).load_facts()
