"""Answers that are odd in part, lists that fail, shows that are renumbered."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any

from tests.cases.trial import DAYS, ODD, PLAIN, Trial, case, name_warnings


@case("11 one entry without a date")
def try_undated(trial: Trial) -> str:
    """The others, and one warning for each, not one for each window."""
    trial.load("11")
    said = trial.export("--kind", "shows", "--kind", "movies", *DAYS)
    events = trial.read_events()
    assert PLAIN.items() <= events.items()
    assert len(events) == len(PLAIN) + 1
    assert len(name_warnings(said)) <= 2
    return f"{len(events)} events, {len(name_warnings(said))} warnings: {' '.join(name_warnings(said))}"


@case("30a season null", "30a", ())
@case("30c runtime 22.5", "30c", ())
@case("30e year as text", "30e", ())
@case("30g show null", "30g", ())
@case("30i ids a list", "30i", ())
@case("30k rating as text", "30k", ())
@case("sibling: number as text", "30c", ("episode", "number"), "one")
@case("sibling: episode missing", "30c", ("episode",), None)
@case("sibling: show a text", "30c", ("show",), "Odd")
@case("sibling: first_aired a number", "30c", ("first_aired",), 20261128)
@case("sibling: first_aired of the year 20261", "30c", ("first_aired",), "20261-11-28T03:00:00.000Z")
@case("sibling: airs a list", "30c", ("show", "airs"), ["Sunday"])
@case("sibling: genres null in a list", "30c", ("show", "genres"), [None])
@case("sibling: updated_at a word", "30c", ("episode", "updated_at"), "yesterday")
@case("sibling: trakt id of 30 digits", "30c", ("show", "ids", "trakt"), 10**30)
@case("sibling: season -1", "30c", ("episode", "season"), -1)
@case("sibling: runtime of 10**12", "30c", ("episode", "runtime"), 10**12)
@case("sibling: title of 10,000 letters", "30c", ("episode", "title"), "long " * 2000)
@case("sibling: title a lone surrogate", "30c", ("episode", "title"), "\ud800")
def try_odd_entry(trial: Trial, name: str, path: tuple[str, ...], value: object = None) -> str:
    """One odd entry costs at most itself, and at most one warning, which names it."""
    scenario = trial.replay.read(name, trial.clock.now)
    entry = scenario["shows"][3]
    if path:
        entry["episode"]["runtime"] = 22
        inner = entry
        for step in path[:-1]:
            inner = inner[step]
        inner[path[-1]] = value
        entry["_day"] = "2026-11-28"
    trial.serve(scenario)
    said = trial.export()
    events = trial.read_events()
    assert PLAIN.items() <= events.items()
    warnings = name_warnings(said)
    assert len(warnings) == (len(events) == len(PLAIN)) or (len(events) > len(PLAIN) and len(warnings) <= 1)
    return f"{len(events)} events; {' '.join(warnings) or 'no warning'}"


@case("sibling: an odd entry that the calendar has stays", ("updated_at",), "x")
@case("sibling: one without a season stays", ("season",), None)
@case("sibling: one whose number is a text stays", ("number",), "two")
def try_odd_stored_entry(trial: Trial, path: tuple[str], value: object) -> str:
    """The event of an entry that cannot be read any more is untouched."""
    scenario = trial.load("34")
    trial.export()
    before = trial.ics.read_bytes()
    changed = copy.deepcopy(scenario)
    changed["shows"][1]["episode"][path[0]] = value
    trial.serve(changed)
    trial.clock.pass_by(hours=2)
    said = trial.export()
    assert trial.ics.read_bytes() == before
    return f"the same bytes; {' '.join(name_warnings(said)) or 'no warning'}"


@case("17 limit=all refused with 413", "limit=all")
@case("sibling: pages of 500 refused as well", "limit=(all|500)")
def try_pages(trial: Trial, refused: str) -> str:
    """A list that is too long for one answer comes in pages; watched episodes are left out."""
    trial.load("17", answers=[{"match": rf"watched/shows\?.*{refused}", "status": 413, "text": ""}])
    if refused != "limit=all":
        result = trial.run("export", *DAYS)
        assert result.exit_code == 5, result.output
        return f"exit 5: {result.stderr.strip()}"
    trial.export()
    events = trial.read_events()
    assert events.items() == {uid: start for uid, start in PLAIN.items() if uid != ODD}.items()
    return "2x01 left out, asked " + next(line for line in trial.replay.list_new_requests() if "limit=500" in line)


@case("18 watched by the episode's id", None)
@case("sibling: watched by season|number", {"50": {"5002|2": {"1": ["2026-11-20T00:00:00.000Z"]}}})
def try_watched(trial: Trial, watched: Any) -> str:
    """2x01 is left out with watched = false where the keys name it by its id; odd keys name nothing."""
    trial.load("18", **({"watched_shows": watched} if watched else {}))
    said = trial.export()
    events = trial.read_events()
    gone = PLAIN.keys() - events.keys()
    assert gone == (set() if watched else {ODD}), events
    return f"left out: {sorted(gone) or 'nothing'}; {' '.join(name_warnings(said)) or 'no warning'}"


HIDDEN = {
    section: [{"type": "show", "show": {"title": "Plain Show", "ids": {"trakt": 50}}}] for section in ("calendar",)
}


@case("32 hidden lists down", {"status": 500, "text": ""})
@case("sibling: hidden lists 404", {"status": 404, "text": ""})
@case("sibling: hidden lists garbage", {"status": 200, "text": '[{"show": '})
@case("sibling: hidden lists an object", {"status": 200, "body": {"error": "no"}})
@case("sibling: hidden lists a page", {"status": 200, "text": "<html>", "ctype": "text/html"})
def try_lists_down(trial: Trial, answer: Mapping[str, Any]) -> str:
    """The hidden list of last time counts, with one warning; without one the export ends in exit 5."""
    down = {"answers": [{"match": "^GET /users/hidden", **answer}]}
    trial.load("32", **down)
    first = trial.export(exit_code=5)
    trial.load("32", answers=[], hidden=HIDDEN)
    trial.export()
    before = trial.read_events()
    assert not before.keys() & PLAIN.keys()
    trial.load("32", **down)
    trial.clock.pass_by(hours=2)
    said = trial.export()
    assert trial.read_events() == before
    [warning] = [each for each in name_warnings(said) if "last time" in each]
    return f"first exit 5 ({first.strip().splitlines()[-1]}), then exit 0: {warning}"


@case("34 not listed")
def try_not_listed(trial: Trial) -> str:
    """`explain` says that Trakt does not list it."""
    trial.load("34")
    trial.export()
    result = trial.run("explain", "plain show 2x04")
    assert result.exit_code == 9
    assert all(word in result.stderr for word in ("listed", "plain show 2x04", "2x01 to 2x03"))
    return f"exit 9: {result.stderr.strip()}"


def renumber_season(entries: list[Any]) -> list[Any]:
    """Return *entries* with the next season's number and new ids of episodes."""
    changed = copy.deepcopy(entries)
    for entry in changed:
        entry["episode"]["season"] += 1
        entry["episode"]["ids"]["trakt"] += 5000
    return changed


def shift_numbers(entries: list[Any]) -> list[Any]:
    """Return *entries* counted from 11 on."""
    changed = copy.deepcopy(entries)
    for entry in changed:
        entry["episode"]["number"] += 10
    return changed


@case("36 a show gets another id", None)
@case("sibling: a season gets another number", renumber_season)
@case("sibling: a season is counted from 11 on", shift_numbers)
def try_renumbering(trial: Trial, change: Callable[[list[Any]], list[Any]] | None) -> str:
    """The same instants and titles under new UIDs: four events, no tombstone, no hold-back."""
    scenario = trial.load("36")
    trial.export()
    before = trial.read_events()
    then = change(scenario["shows"]) if change else scenario["then"]
    trial.serve(scenario | {"shows": then.get("shows", then) if isinstance(then, dict) else then})
    trial.clock.pass_by(hours=2)
    result = trial.run("export", *DAYS, "--changes")
    assert result.exit_code == 0, result.output
    after = trial.read_events()
    assert (len(after), sorted(after.values())) == (4, sorted(before.values()))
    assert not after.keys() & before.keys()
    assert result.stdout.count("renumbered") == 4
    return f"4 events, none cancelled: {result.stdout.splitlines()[0]}"


@case("20 watching without ids", {})
@case("sibling: a movie without ids", {"type": "movie", "movie": {"title": "M", "year": None, "ids": {"trakt": 1}}})
def try_watching(trial: Trial, change: Mapping[str, Any]) -> str:
    """What is being watched is said, whatever its ids lack."""
    scenario = trial.replay.read("20", trial.clock.now)
    if change:
        scenario["watching"] = {
            name: value for name, value in scenario["watching"].items() if name not in ("episode", "show")
        } | change
    trial.serve(scenario)
    result = trial.run("checkin", "--status")
    assert result.exit_code == 0, result.output
    assert ("M" if change else "Love Island 12x54") in result.stdout
    return f"exit 0: {result.stdout.strip()}"


@case("21 search result without a year", None)
@case("sibling: score a text, ids with text", {"score": "high", "show": {"title": "War Walks", "ids": {"trakt": 8801}}})
def try_search(trial: Trial, result_change: Mapping[str, Any] | None) -> str:
    """The title is found, and its next episode checked in to."""
    scenario = trial.replay.read("21", trial.clock.now)
    if result_change:
        scenario["search"]["/search/show"][0] |= result_change
    trial.serve(scenario)
    result = trial.run("checkin", "war", "walks")
    assert result.exit_code == 0, result.output
    assert "War Walks 1x04" in result.output
    return f"exit 0: {result.output.strip().splitlines()[0]}"
