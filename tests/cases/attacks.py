"""Small inputs that once ended in a traceback, a hang or a 500."""

from __future__ import annotations

import json
import socket

from tests.cases.trial import DAYS, PLAIN, Trial, case
from tests.conftest import SHARED
from tests.server import Reply, Request, run_raw_server, run_server

ATTACKS = SHARED / "cases" / "attack"


@case("attack: JSON nested deep in a field that nobody reads")
def try_deep_json(trial: Trial) -> str:
    """One sentence, exit 5; the calendar stays. A Python that decodes it holds the update back (8): no show is left."""
    trial.load("34")
    trial.export()
    before = trial.ics.read_bytes()
    body = (ATTACKS / "deep-in-an-unknown-field.json").read_bytes()

    def answer(request: Request) -> Reply:
        return Reply(body) if request.path.startswith("/calendars") else Reply()

    with run_server(answer) as (url, _):
        result = trial.run("export", *DAYS, API_URL=url)
    assert (result.exit_code, result.stderr.count("Error: ")) in ((5, 1), (8, 1), (0, 0)), result.output
    assert trial.ics.read_bytes() == before
    return f"exit {result.exit_code}: {result.stderr.strip()[:150]}"


@case("attack: a check-in's times leave the calendar")
def try_odd_times(trial: Trial) -> str:
    """Looked up as a lost answer is: nothing is claimed that is not known."""
    odd = json.loads((ATTACKS / "checkin-lists-77-0.json").read_text())
    scenario = trial.replay.read("21", trial.clock.now) | {"checkin": odd}
    trial.serve(scenario)
    result = trial.run("checkin", "war", "walks")
    assert (result.exit_code, result.stderr.count("Error: ")) == (5, 1), result.output
    return f"exit 5: {result.stderr.strip().splitlines()[-1]}"


@case("attack: a negative chunk", "negative-chunk", 5)
@case("attack: Retry-After with a control character", "retry-after-1e", 5)
@case("attack: Vary: Authorization", "vary-authorization", 0)
def try_raw_answer(trial: Trial, name: str, exit_code: int) -> str:
    """A raw answer to every request: one sentence, or an answer like any other, of which nothing is kept."""
    raw = (ATTACKS / f"{name}.http").read_bytes()
    trial.load("34")

    def answer(connection: socket.socket) -> None:
        connection.sendall(raw)

    with run_raw_server(answer) as url:
        result = trial.run("export", *DAYS, API_URL=url)
    assert (result.exit_code, result.stderr.count("Error: ")) == (exit_code, exit_code != 0), result.output
    kept = b"".join(path.read_bytes() for path in (trial.home / "cache").rglob("*") if path.is_file())
    assert b"Bearer" not in kept
    return f"exit {exit_code}: {result.stderr.strip()[:120]}"


@case("attack: a state file of the year 9999")
def try_odd_state(trial: Trial) -> str:
    """As good as absent: the export works, and says it once."""
    trial.load("34")
    trial.export()
    [state] = trial.home.glob("outputs/*.json")
    state.write_bytes((ATTACKS / "state-year-9999.json").read_bytes())
    said = trial.export()
    assert trial.read_events() == PLAIN
    assert said.count("9999") == 1
    return f"exit 0: {said.splitlines()[0][:120]}…"


@case("attack: a calendar with a right SUM and wrong lines", "copy-right-sum-0.ics")
@case("attack: a calendar with a right SUM and a wrong stamp", "copy-right-sum-4.ics")
def try_damaged_calendar(trial: Trial, name: str) -> str:
    """Refused as damaged: exit 6, and the file stays; with --force a copy stays."""
    trial.load("34")
    odd = (ATTACKS / name).read_bytes()
    trial.ics.write_bytes(odd)
    said = trial.export(exit_code=6)
    assert trial.ics.read_bytes() == odd
    trial.export(*DAYS, "--force")
    assert odd in [path.read_bytes() for path in trial.home.iterdir() if path.is_file()]
    return f"exit 6: {said.strip()[:150]}"


@case("attack: a number of 310 digits in the settings")
def try_long_number(trial: Trial) -> str:
    """One sentence, exit 3."""
    trial.load("34", config=(ATTACKS / "min-rating-too-long.toml").read_text())
    said = trial.export(exit_code=3)
    assert "min_rating" in said
    return f"exit 3: {said.strip()[:120]}"


@case("sibling: numbers and dates of 30 digits as options")
def try_long_options(trial: Trial) -> str:
    """Wrong usage, or a setting that is wrong: one sentence."""
    trial.load("34")
    statuses = []
    for options in (
        ("--from", "9" * 30),
        ("--days", "9" * 30),
        ("--ahead", "9" * 30),
        ("--from", "9999-12-31", "--days", "5"),
        ("--back", "-5"),
    ):
        result = trial.run("export", *options)
        assert result.exit_code in (2, 3), (options, result.output)
        statuses.append(result.exit_code)
    return f"exit statuses {statuses}"
