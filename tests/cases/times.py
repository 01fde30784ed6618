"""When airings are: instants, midnights, unknown hours, offsets."""

from __future__ import annotations

import json
import re

from tests.cases.trial import Trial, case, name_warnings


@case("01 effective-release-date")
def try_instants(trial: Trial) -> str:
    """`first_aired` is the instant."""
    scenario = trial.load("01")
    trial.export("--from", "2025-05-01", "--days", "500")
    found, want = trial.read_events(), scenario["want"]
    expected = {f"{uid}@trakt-ical": re.sub("[-:]", "", start) for uid, start in want.items()}
    assert {uid: found.get(uid) for uid in expected} == expected
    return f"{len(expected)} of {len(want)} instants right"


@case("02 released-days-before")
def try_released(trial: Trial) -> str:
    """By default first_aired, by rule the day of the release."""
    scenario = trial.load("02")
    span = ("--from", "2024-12-01", "--days", "700")
    trial.export(*span)
    aired = {re.sub(r"[-:]|\.000", "", entry["first_aired"]) for entry in scenario["shows"]}
    assert set(trial.read_events().values()) == aired
    trial.export(*span, DATES="released")
    days = {entry["episode"]["released"].replace("-", "") for entry in scenario["shows"]}
    found = trial.read_events().values()
    assert {start[:8] for start in found} == days
    return f"default {sorted(aired)}, dates = released {sorted(found)}"


@case("12 midnight-is-the-hour")
def try_midnights(trial: Trial) -> str:
    """The 24:00 slot of Tokyo MX and 00:00 of Adult Swim are hours."""
    trial.load("12")
    trial.export("--from", "2024-12-20", "--days", "40")
    found = sorted(trial.read_events().values())
    assert found == ["20250104T150000Z", "20250105T050000Z"]
    return ", ".join(found)


@case("13 unknown-hour")
def try_unknown_hour(trial: Trial) -> str:
    """A whole day, or an hour of the subscriber's zone, for all or for one show."""
    trial.load("13")
    seen = []
    for settings in (
        {},
        {"UNKNOWN_HOUR": "20:00", "TIMEZONE": "Europe/Berlin"},
        {"SHOW_UNKNOWN_HOURS": "Prime Time Nobody Knows=21:30", "TIMEZONE": "Europe/Berlin"},
    ):
        trial.ics.unlink(missing_ok=True)
        trial.export(**settings)
        seen += trial.read_events().values()
    assert seen == ["20261128", "20261128T190000Z", "20261128T203000Z"]
    return ", ".join(seen)


@case("14 odd-time-zones", "14", 8, 5)
@case("15 absolute-numbers", "15", 2, 0)
@case("25 duplicate-numbers", "25", 1, 0)
@case("29 season-and-episode-zero", "29", 3, 0)
def try_right_today(trial: Trial, name: str, events: int, warnings: int) -> str:
    """What is right stays right; each zone that does not exist is warned of."""
    trial.load(name)
    said = trial.export()
    assert (len(trial.read_events()), len(name_warnings(said))) == (events, warnings), said
    return f"{events} events: " + ", ".join(sorted(trial.read_events().values()))


@case("26 daylight-saving")
def try_clock_change(trial: Trial) -> str:
    """21:00 Eastern on both sides of a clock change."""
    scenario = trial.load("26")
    trial.export("--from", "2026-02-20", "--days", "60")
    expected = {re.sub(r"[-:]|\.000", "", entry["first_aired"]) for entry in scenario["shows"]}
    assert set(trial.read_events().values()) == expected
    return ", ".join(sorted(expected))


@case("40 midnight-streamers")
def try_streamers(trial: Trial) -> str:
    """An hour for services in the table; a setting adds networks."""
    scenario = trial.load("40")
    trial.export()
    before = sum("T" in start for start in trial.read_events().values())
    networks = sorted({entry["show"]["network"] for entry in scenario["shows"]})
    trial.export(MIDNIGHT_NETWORKS=",".join(networks))
    after = sum("T" in start for start in trial.read_events().values())
    assert before < after == len(scenario["shows"])
    return f"{before} of {after} have an hour, with midnight_networks all"


@case("19 formula-1: nine hours early", "19", "formula 1")
@case("41 offset-and-check-in", "41", "")
def try_offsets(trial: Trial, name: str, words: str) -> str:
    """What check-in takes is what the agenda shows as on: offsets count."""
    trial.load(name)
    entries = json.loads(trial.run("agenda", "--json").stdout)
    on = [entry for entry in entries if entry.get("on")]
    result = trial.run("checkin", *words.split())
    posts = [line for line in trial.replay.list_new_requests() if line.startswith("POST")]
    if name == "19":
        assert (result.exit_code, posts, on) == (9, [], []), result.output
        return f"exit 9 without a question, no POST: {result.stderr.strip()[:90]}"
    assert [entry["summary"].split(" ")[0] for entry in on] == ["Delayed"]
    assert (result.exit_code, posts) == (0, ["POST /checkin"])
    assert "Delayed" in result.stdout + result.stderr
    return f"on by agenda and check-in: {on[0]['summary']}"
