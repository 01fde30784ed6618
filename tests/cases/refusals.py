"""Refusals: Cloudflare, locked accounts, redirects, waits, check-ins that may not be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.cases.trial import PLAIN, Trial, case

BLOCKED = {"match": "^GET /(calendars|users)", "status": 403}


@case("08 Cloudflare 403 as text", {})
@case("sibling: Cloudflare 403 as JSON", {"text": '{"error":"blocked"}', "ctype": "application/json"})
@case("sibling: Cloudflare 403, empty", {"text": "", "headers": {}})
@case("sibling: Cloudflare 403 as a page", {"text": "<html>Sorry</html>", "ctype": "text/html"})
def try_cloudflare(trial: Trial, change: Mapping[str, Any]) -> str:
    """What lacks Trakt's number comes from Cloudflare: client_id is not accused, and it is tried again."""
    scenario = trial.replay.read("08", trial.clock.now)
    scenario["answers"][0] |= change
    trial.serve(scenario)
    said = trial.export(exit_code=5)
    asked = [line for line in trial.replay.list_new_requests() if "/calendars" in line or "/hidden" in line]
    assert "Cloudflare" in said
    assert "client_id" not in said
    assert len(asked) > len(set(asked))
    return f"exit 5 after {len(asked)} requests: {said.strip()}"


@case("sibling: Trakt's own 403 accuses client_id")
def try_own_refusal(trial: Trial) -> str:
    """A 403 with Trakt's number is about the app."""
    trial.load("08", answers=[BLOCKED | {"text": "", "headers": {"X-Request-Id": "1"}}])
    said = trial.export(exit_code=3)
    assert "client_id" in said
    return f"exit 3: {said.strip()[:80]}…"


@case("22 locked 423")
def try_locked(trial: Trial) -> str:
    """The account is locked: the support is named, once."""
    trial.load("22")
    said, post = trial.export(exit_code=5), trial.run("checkin", "plain show")
    assert "support.trakt.tv" in said
    assert (post.exit_code, "support.trakt.tv" in post.stderr) == (5, True)
    return f"export and checkin exit 5: {said.strip()}"


@case("23 check-in for VIPs only", {"X-Upgrade-URL": "https://trakt.tv/vip"})
@case("sibling: 426 without an address", {})
def try_vip(trial: Trial, headers: Mapping[str, str]) -> str:
    """A refusal with a reason: nothing is looked up, the address is named."""
    scenario = trial.replay.read("23", trial.clock.now)
    scenario["answers"][0]["headers"] = headers
    ids = {"trakt": 50, "slug": "plain-show"}
    scenario["search"] = {"/search/show/exact": [{"type": "show", "show": {"title": "Plain Show", "ids": ids}}]}
    trial.serve(scenario)
    result = trial.run("checkin", "--early", "plain", "show", "2x01")
    posts = [line for line in trial.replay.list_new_requests() if "checkin" in line]
    assert (result.exit_code, posts) == (5, ["POST /checkin"]), result.output
    assert "VIP" in result.stderr
    return f"exit 5, one POST: {result.stderr.strip()}"


@case("sibling: 409 without expires_at")
def try_conflict_without_end(trial: Trial) -> str:
    """A check-in runs, and nobody says until when: exit 7."""
    answers = [{"match": "POST /checkin", "status": 409, "text": ""}]
    scenario = trial.replay.read("23", trial.clock.now) | {"answers": answers}
    ids = {"trakt": 50, "slug": "plain-show"}
    scenario["search"] = {"/search/show/exact": [{"type": "show", "show": {"title": "Plain Show", "ids": ids}}]}
    trial.serve(scenario)
    result = trial.run("checkin", "--early", "plain", "show", "2x01")
    assert result.exit_code == 7, result.output
    return f"exit 7: {result.stderr.strip()}"


@case("31 redirect", {"Location": "https://api.trakt.tv/"}, 301)
@case("sibling: redirect to a broken address", {"Location": "http://["}, 308)
@case("sibling: redirect to nowhere", {}, 302)
@case("sibling: redirect to another path", {"Location": "/v3/"}, 307)
def try_redirect(trial: Trial, headers: Mapping[str, str], status: int) -> str:
    """A redirect is not followed, and told in one sentence."""
    trial.load("31", answers=[{"match": "^GET ", "status": status, "text": "", "headers": headers}])
    said = trial.export(exit_code=5)
    assert "redirect" in said or "http://[" in headers.values()
    return f"exit 5: {said.strip()}"


@case("33 Retry-After of an hour", "3600")
@case("sibling: Retry-After as a date", "Wed, 25 Nov 2026 13:00:00 GMT")
@case("sibling: Retry-After of a year 9999", "Fri, 31 Dec 9999 23:59:59 GMT")
@case("sibling: Retry-After of 30 digits", "9" * 30)
def try_long_wait(trial: Trial, wait: str) -> str:
    """A wait of more than five minutes ends the run at once, and says when to try again."""
    answer = {"match": "^GET /calendars", "status": 429, "text": "", "headers": {"Retry-After": wait}}
    trial.load("33", answers=[answer])
    said = trial.export(exit_code=5)
    assert sum(trial.clock.slept) < 300
    if wait in ("3600", "Wed, 25 Nov 2026 13:00:00 GMT"):
        assert "13:00" in said
    return f"exit 5, {sum(trial.clock.slept):g} s waited: {said.strip()}"


@case("sibling: Retry-After of 20 s is waited for")
def try_short_wait(trial: Trial) -> str:
    """A short wait is kept to, and the run succeeds."""
    answer = {"match": "^GET /calendars", "status": 429, "text": "", "headers": {"Retry-After": "20"}, "times": 1}
    trial.load("33", answers=[answer])
    trial.export()
    assert trial.read_events() == PLAIN
    assert sum(trial.clock.slept) >= 20
    return f"exit 0 after {sum(trial.clock.slept):g} s"
