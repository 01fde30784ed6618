"""Logins that end, renewals that are refused, polls that fail."""

from __future__ import annotations

from typing import Any

from tests.cases.trial import Trial, case


def refuse_renewal(status: int, **answer: Any) -> list[dict[str, Any]]:
    """Return the answer to a renewal."""
    return [{"match": "POST /oauth/token", "status": status, **answer}]


@case("03 refresh 400, empty", "03", None)
@case("04 refresh 400 invalid_request", "04", None)
@case("05 refresh 400 invalid_grant", "05", None)
@case("sibling: refresh 400 with a page", "03", refuse_renewal(400, text="<html>no</html>", ctype="text/html"))
@case("sibling: refresh 400 with a list", "03", refuse_renewal(400, body=["no"]))
@case("sibling: refresh 401 invalid_grant", "03", refuse_renewal(401, body={"error": "invalid_grant"}))
@case(
    "sibling: refresh 400 unsupported_grant_type", "03", refuse_renewal(400, body={"error": "unsupported_grant_type"})
)
@case("sibling: refresh 401, empty", "03", refuse_renewal(401, text=""))
def try_refused_renewal(trial: Trial, name: str, answers: Any) -> str:
    """A login that cannot be renewed ends in words, and `status` knows it."""
    trial.load(name, **({"answers": answers} if answers else {}))
    said = trial.export(exit_code=4)
    assert "trakt-ical login" in said
    assert not trial.ics.exists()
    asked = len(trial.replay.list_new_requests())
    assert "trakt-ical login" in trial.run("status").output
    assert len(trial.replay.list_new_requests()) == asked
    return f"exit 4: {said.strip()}"


@case("35 refresh 401 invalid_client", None)
@case("sibling: refresh 400 invalid_client", refuse_renewal(400, body={"error": "invalid_client"}))
def try_wrong_secret(trial: Trial, answers: Any) -> str:
    """The settings are wrong, the login is good: it is kept."""
    trial.load("35", **({"answers": answers} if answers else {}))
    said = trial.export(exit_code=3)
    assert "client_secret" in said
    assert "client_id" in said
    trial.replay.load(trial.replay.read("34", trial.clock.now))
    trial.export()
    return f"exit 3: {said.strip()[:90]}…; the login works afterwards"


@case("10 one 502 while the login is polled", 502, 1)
@case("sibling: 500, 503, 504 while polled", 504, 3)
@case("sibling: 520 of Cloudflare while polled", 520, 2)
def try_poll(trial: Trial, status: int, times: int) -> str:
    """A fault of one poll does not end the login."""
    scenario = trial.replay.read("10", trial.clock.now)
    scenario["answers"][2] |= {"status": status, "times": times}
    scenario["answers"][3]["body"]["created_at"] = int(trial.clock.now.timestamp())
    trial.serve(scenario)
    (trial.home / "token.json").unlink()
    result = trial.run("login", "--no-browser")
    assert result.exit_code == 0, result.output
    assert "someone" in trial.run("status").stdout
    return f"exit 0: {result.output.strip().splitlines()[-1]}"
