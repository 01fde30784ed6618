"""What calendar programs make of a file: each row of the second table that shows in one."""

from __future__ import annotations

import copy

import icalendar

from tests.cases.trial import DAYS, PLAIN, Trial, case


def read_lines(trial: Trial) -> list[str]:
    """Return the unfolded lines of the calendar."""
    return trial.ics.read_bytes().replace(b"\r\n ", b"").decode().splitlines()


@case("programs: STATUS is ignored")
def try_tombstone(trial: Trial) -> str:
    """The SUMMARY of a tombstone says that it is no longer listed."""
    scenario = trial.load("34")
    trial.export()
    fewer = copy.deepcopy(scenario)
    del fewer["shows"][1]
    trial.serve(fewer)
    trial.clock.pass_by(hours=2)
    trial.export()
    lines = read_lines(trial)
    assert "SUMMARY:No longer listed: Plain Show 2x02 Part 2" in lines
    return next(line for line in lines if "No longer" in line)


@case("programs: UID of VALARM, LOCATION, CREATED")
def try_alarms(trial: Trial) -> str:
    """No UID in VALARM, no LOCATION unless a template sets one, CREATED that never changes."""
    scenario = trial.load("34")
    trial.export(ALARMS="30 min before,at the start")
    lines = read_lines(trial)
    assert lines.count("BEGIN:VALARM") == 2 * len(PLAIN)
    assert len([line for line in lines if line.startswith("UID:")]) == len(PLAIN)
    assert lines.count("TRIGGER:PT0S") == len(PLAIN)
    assert not [line for line in lines if line.startswith("LOCATION")]
    created = {line for line in lines if line.startswith("CREATED:")}
    renamed = copy.deepcopy(scenario)
    renamed["shows"][0]["episode"]["title"] = "Another"
    trial.serve(renamed)
    trial.clock.pass_by(hours=2)
    trial.export(LOCATION="{network}", ALARMS="30 min before")
    lines = read_lines(trial)
    assert "LOCATION:HBO" in lines
    assert {line for line in lines if line.startswith("CREATED:")} == created
    return f"{len(PLAIN)} events, 2 alarms each, {', '.join(created)} after a change"


@case("programs: titles over 255 characters")
def try_long_title(trial: Trial) -> str:
    """A SUMMARY has at most 250 characters, cut at a word."""
    scenario = trial.replay.read("34", trial.clock.now)
    for entry, title in zip(scenario["shows"], ("word " * 200, "w" * 900, "長い" * 400), strict=True):
        entry["episode"]["title"] = title
    trial.serve(scenario)
    trial.export()
    summaries = [str(event["SUMMARY"]) for event in icalendar.Calendar.from_ical(trial.ics.read_bytes()).events]
    assert all(len(each) <= 250 and each.endswith("…") for each in summaries)
    assert summaries[0].endswith("word…")
    return f"{[len(each) for each in summaries]} characters, the first ends in {summaries[0][-10:]!r}"


@case("programs: one UID in two calendars")
def try_unique_uids(trial: Trial) -> str:
    """`unique_uids = true` gives a calendar UIDs of its own."""
    trial.load("34")
    trial.export(UNIQUE_UIDS="true")
    found = trial.read_events().keys()
    assert found == {f"{uid}-Trakt" for uid in PLAIN}
    return min(found)


@case("programs: a calendar that becomes empty")
def try_emptied(trial: Trial) -> str:
    """GNOME keeps the last events of an empty calendar: it has one event that says so."""
    trial.load("34")
    trial.export()
    trial.export(EXCLUDE_SHOWS="plain show")
    assert len(trial.read_events()) == 1
    summary = next(line for line in read_lines(trial) if line.startswith("SUMMARY:No airings match"))
    result = trial.run("export", *DAYS)
    assert trial.read_events() == PLAIN, result.output
    return f"{summary}, and the airings again afterwards"
