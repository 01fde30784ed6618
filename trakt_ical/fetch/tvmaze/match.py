"""Which show of TVmaze is which imported show: by number, else by title and year, else as the user says.

A wrong pair puts a stranger's show into a calendar, and a missing one costs nothing but a look at `trakt-ical shows`.
So whatever could be two things is none, until `[shows]` in the settings says which.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence

import msgspec

from trakt_ical.fetch.imported.imported_list import ImportedShow
from trakt_ical.fetch.imported.show_fields import fold_title
from trakt_ical.fetch.tvmaze.wire import ShowWire

OFF = "off"
UNNUMBERED = "title-"  # begins the list key of a show that the list knows by its title alone
_CHOICE = re.compile(r"tvmaze:([1-9][0-9]{0,9})")


class Matches(msgspec.Struct, frozen=True):
    """What came of matching: the TVmaze numbers of shows, by the key of the imported one.

    *pairs*: settled by number, title, or the user, and of these the *learnt*, which neither the list nor the user gave;
    *clashes*: those that could be several, with the reason; *off*: those that the user does not want. *unknown*: names
    in `[shows]` that fit no imported show, or several.
    """

    pairs: Mapping[str, tuple[int, ...]]
    learnt: Mapping[str, tuple[int, ...]]
    clashes: Mapping[str, str]
    off: frozenset[str]
    unknown: tuple[str, ...]


def make_list_key(show: ImportedShow) -> str:
    """Return what names *show* within its list: its key, or its title where the list has nothing else."""
    return show.key or f"{UNNUMBERED}{fold_title(show.title)}-{show.year or ''}"


def make_show_key(list_key: str, number: int) -> str:
    """Return the key that begins the UIDs of the show *list_key*, whose TVmaze number is *number*.

    Trakt's numbers come first, so that the events have the UIDs that they have with Trakt's API.
    """
    return f"tvmaze-{number}" if list_key.startswith(UNNUMBERED) else list_key


def parse_choice(value: str) -> int | None:
    """Return the TVmaze number that *value* in `[shows]` names, None for `off`. Raises ValueError."""
    found = _CHOICE.fullmatch(value.strip())
    if found is None and value.strip() != OFF:
        raise ValueError(f"{value!r} is neither tvmaze:NUMBER nor {OFF}")
    return int(found[1]) if found else None


def match_shows(
    imported: Mapping[str, ImportedShow],
    known: Iterable[ShowWire],
    *,
    choices: Mapping[str, str],
    learnt: Mapping[str, Sequence[int]],
) -> Matches:
    """Match *imported* shows, by their list keys, with those *known* at TVmaze.

    *choices* are the user's own. Pairs that were *learnt* before stay, unless a number says otherwise.
    Raises ValueError where a choice is none.
    """
    chosen, off, unknown = _read_choices(imported, choices)
    pairs: dict[str, tuple[int, ...]] = {
        key: (show.tvmaze,) for key, show in imported.items() if show.tvmaze and key not in off
    }
    pairs |= {key: (number,) for key, number in chosen.items()}
    candidates = [show for show in known if show.id not in _list_taken(pairs)]
    open_shows = {key: show for key, show in imported.items() if key not in pairs and key not in off}
    by_number = _match_by_number(open_shows, candidates)
    pairs |= by_number.pairs
    taken = _list_taken(pairs)
    for key in open_shows.keys() & learnt.keys() - pairs.keys():
        if free := tuple(number for number in learnt[key] if number not in taken):
            pairs[key] = free
    clashes = {key: reason for key, reason in by_number.clashes.items() if key not in pairs}
    settled = off | pairs.keys() | clashes.keys()
    by_title = _match_by_title(imported, settled, candidates, _list_taken(pairs))
    pairs |= by_title.pairs
    found = {key: numbers for key, numbers in pairs.items() if key in open_shows}
    return Matches(pairs, found, clashes | by_title.clashes, frozenset(off), tuple(unknown))


def _list_taken(pairs: Mapping[str, Sequence[int]]) -> set[int]:
    return {number for numbers in pairs.values() for number in numbers}


def _read_choices(
    imported: Mapping[str, ImportedShow], choices: Mapping[str, str]
) -> tuple[dict[str, int], set[str], list[str]]:
    """Return which TVmaze number the user chose for which key, which keys are off, and the names that fit no show."""
    chosen: dict[str, int] = {}
    off: set[str] = set()
    unknown = []
    for name, value in choices.items():
        number = parse_choice(value)
        keys = _find_named(imported, name)
        if len(keys) != 1:
            unknown.append(f"{name}, which is {'several shows' if keys else 'no show'} of your list")
        elif number is None:
            off.add(keys[0])
        else:
            chosen[keys[0]] = number
    return chosen, off, unknown


def _find_named(imported: Mapping[str, ImportedShow], name: str) -> list[str]:
    """Return the keys of the shows that *name* may be: a key or slug is one show, a title may be several."""
    exact = [key for key, show in imported.items() if name in (key, show.slug, str(show.trakt or ""))]
    return exact or [key for key, show in imported.items() if fold_title(show.title) == fold_title(name)]


class _Found(msgspec.Struct, frozen=True):
    pairs: dict[str, tuple[int, ...]]
    clashes: dict[str, str]


def _match_by_number(wanted: Mapping[str, ImportedShow], candidates: Iterable[ShowWire]) -> _Found:
    """Match by the numbers at TheTVDB and IMDb, which must not lead to two shows of the list."""
    by_tvdb, by_imdb = _index(wanted, "tvdb"), _index(wanted, "imdb")
    pairs: dict[str, list[int]] = {}
    clashes: dict[str, str] = {}
    for show in candidates:
        tvdb, imdb = _list_numbers(show)
        # Where two shows of the list have one number, as parts of a show that was split may, the other one decides.
        found = [keys for keys in (by_tvdb.get(tvdb or 0, ()), by_imdb.get(imdb, ())) if keys]
        common = set(found[0]).intersection(*found[1:]) if found else set()
        if len(common) == 1:
            pairs.setdefault(common.pop(), []).append(show.id)
            continue
        for key in {key for keys in found for key in keys}:
            clashes[key] = f"{describe_show(show)} has numbers of several shows of your list"
    settled = {key: tuple(numbers) for key, numbers in pairs.items()}
    return _Found(settled, {key: reason for key, reason in clashes.items() if key not in settled})


def _match_by_title(
    imported: Mapping[str, ImportedShow],
    settled: Collection[str],
    candidates: Iterable[ShowWire],
    taken: Collection[int],
) -> _Found:
    """Match what is not *settled* with shows without numbers, by a title and year that are unique on both sides."""
    by_title: dict[str, list[ShowWire]] = {}
    for show in candidates:
        if show.id not in taken:
            by_title.setdefault(fold_title(show.name or ""), []).append(show)
    namesakes: dict[str, list[str]] = {}
    for key, each in imported.items():
        namesakes.setdefault(fold_title(each.title), []).append(key)
    pairs: dict[str, tuple[int, ...]] = {}
    clashes: dict[str, str] = {}
    for key, each in imported.items():
        title = fold_title(each.title)
        if key in settled or not title:
            continue
        near = [show for show in by_title.get(title, ()) if _is_same_year(each, show)]
        others = [other for show in near for other in namesakes[title] if _is_same_year(imported[other], show)]
        # Counted among all of the title, those with numbers included: this may be one of them.
        if not any(_has_no_number(show) for show in near):
            continue
        if len(near) == 1 and others == [key]:
            pairs[key] = (near[0].id,)
        else:
            clashes[key] = _describe_clash(near, others)
    return _Found(pairs, clashes)


def _describe_clash(near: Sequence[ShowWire], others: Collection[str]) -> str:
    if len(near) > 1:
        return f"it could be any of {', '.join(map(describe_show, near))}"
    return f"{describe_show(near[0])} could be any of {len(set(others))} shows of your list"


def describe_show(show: ShowWire) -> str:
    """Return how people find *show*: its number, title and year."""
    year = f" ({show.premiered[:4]})" if show.premiered else ""
    return f"tvmaze:{show.id} {show.name or 'without a title'}{year}"


def _index(wanted: Mapping[str, ImportedShow], name: str) -> dict[object, list[str]]:
    found: dict[object, list[str]] = {}
    for key, show in wanted.items():
        number = getattr(show, name)
        if number:
            found.setdefault(number, []).append(key)
    return found


def _list_numbers(show: ShowWire) -> tuple[int | None, str | None]:
    externals = show.externals
    return (externals.thetvdb or None, externals.imdb or None) if externals else (None, None)


def _has_no_number(show: ShowWire) -> bool:
    return _list_numbers(show) == (None, None)


def _is_same_year(imported: ImportedShow, show: ShowWire) -> bool:
    """Whether both began in one year, or in two that follow each other: sources differ about a turn of the year."""
    premiered = (show.premiered or "")[:4]
    return bool(imported.year) and premiered.isdecimal() and abs(int(premiered) - (imported.year or 0)) <= 1
