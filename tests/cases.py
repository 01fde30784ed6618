"""The cases that people reported, tried through the command line: `../shared/cases` and siblings of each kind.

usage: python -m tests.cases [WORD …] prints a table of what came of each case with a WORD in its name, or of all.
`tests/test_cases.py` runs the same. A scenario is served as Trakt over HTTP by `../shared/cases/trakt/replay.py`.
"""

from __future__ import annotations

import contextlib
import copy
import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeAlias

import icalendar
import requests
from click.testing import CliRunner, Result

from tests.conftest import SHARED, Clock
from tests.server import run_server
from trakt_ical.app.environment import Environment
from trakt_ical.cli import cli
from trakt_ical.trakt.token import Token, TokenFile

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
DAYS = ("--from", "2026-11-20", "--days", "60")
PLAIN = {f"trakt-50-s2e{number}@trakt-ical": f"202611{27 + number}T020000Z" for number in (1, 2, 3)}
ODD = "trakt-50-s2e1@trakt-ical"
DIFFERING_CLOCKS = re.compile(rb"^.* clock and Trakt's differ .*\n", re.M)  # replay.py has the real time
Scenario: TypeAlias = dict[str, Any]


class Replay:
    """A process that serves a scenario as Trakt at *url*."""

    def __init__(self, shared: Path) -> None:
        self.folder = shared / "cases"
        with run_server(lambda request: None) as (url, _):  # type: ignore[arg-type,return-value]
            self.url = url  # its port is free again after this
        script, first = (self.folder / "trakt" / name for name in ("replay.py", "34-not-listed.json"))
        port = self.url.rpartition(":")[2]
        self.process = subprocess.Popen([sys.executable, str(script), port, str(first)])
        for _ in range(200):
            with contextlib.suppress(requests.ConnectionError):
                self.list_requests()
                return
            time.sleep(0.05)
        raise TimeoutError("replay.py does not answer")

    def read(self, name: str, now: datetime) -> Scenario:
        """Return the scenario whose file begins with *name*, its moments counted from *now*."""
        [path] = self.folder.glob(f"trakt/{name}-*.json")

        def fill(found: re.Match[str]) -> str:
            unit = {"h": "hours", "m": "minutes"}[found[3]]
            shift = timedelta(**{unit: int(found[1] + found[2])})
            return f"{now + shift:%Y-%m-%dT%H:%M:%S.000Z}"

        text = re.sub(r"\{NOW([+-])(\d+)([hm])\}", fill, path.read_text(encoding="utf-8"))
        scenario: Scenario = json.loads(text)
        return scenario

    def load(self, scenario: Scenario) -> None:
        """Serve *scenario* from now on."""
        requests.post(f"{self.url}/_load", json=scenario, timeout=5).raise_for_status()
        self.seen = len(self.list_requests())

    def list_requests(self) -> list[str]:
        """Return method and path of each request so far."""
        answer = requests.get(f"{self.url}/_log", timeout=5)
        return [f"{method} {path}" for method, path, *_ in answer.json()]

    def list_new_requests(self) -> list[str]:
        """Return method and path of each request of this scenario."""
        return self.list_requests()[self.seen :]

    def close(self) -> None:
        """End the process."""
        self.process.terminate()
        self.process.wait()


@dataclass
class Trial:
    """One case being tried: a home of its own, and the Trakt that the case describes."""

    replay: Replay
    home: Path
    clock: Clock = field(default_factory=lambda: Clock(NOW))

    def load(self, name: str, **changes: Any) -> Scenario:
        """Serve the scenario whose file begins with *name*, with *changes*, as what the token and settings fit."""
        scenario = self.replay.read(name, self.clock.now) | changes
        self.serve(scenario)
        return scenario

    def serve(self, scenario: Scenario) -> None:
        """Serve *scenario*, with a token and settings that fit it."""
        self.replay.load(scenario)
        (self.home / "config.toml").write_text(scenario.get("config", ""))
        is_expired = scenario.get("token") == "expired"
        created = int((self.clock.now - timedelta(days=8 if is_expired else 1)).timestamp())
        token = Token(access_token="a0", refresh_token="r0", created_at=created, expires_in=604800, username="someone")
        TokenFile(self.home / "token.json").save(token)

    @property
    def ics(self) -> Path:
        """The file that an export writes."""
        return self.home / "trakt.ics"

    def run(self, *arguments: str, **environ: str) -> Result:
        """Run the command line."""
        settings = {
            "HOME": str(self.home),
            "API_URL": self.replay.url,
            "AUTH_URL": self.replay.url,
            "CLIENT_ID": "c" * 64,
            "CLIENT_SECRET": "s" * 64,
            "OUTPUT": str(self.ics),
            "TIMEZONE": "UTC",
        } | environ
        named = {f"TRAKT_ICAL_{name}": value for name, value in settings.items()}
        environment = Environment(self.clock, self.clock.sleep, named, (5, 5), lambda: False)
        result = CliRunner().invoke(cli, list(arguments), obj=environment)
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        result.stderr_bytes = DIFFERING_CLOCKS.sub(b"", result.stderr_bytes or b"")
        return result

    def export(self, *arguments: str, exit_code: int = 0, **environ: str) -> str:
        """Export by default the days of the cases, and return what was said."""
        result = self.run("export", *(arguments or DAYS), **environ)
        assert result.exit_code == exit_code, result.output
        assert result.stderr.count("Error: ") == (exit_code != 0), result.stderr
        return result.stderr

    def read_events(self) -> dict[str, str]:
        """Return when each event starts, by UID; cancelled ones with a sign."""
        events = icalendar.Calendar.from_ical(self.ics.read_bytes()).events
        return {
            str(event["UID"]): "cancelled " * (event["STATUS"] == "CANCELLED") + event["DTSTART"].to_ical().decode()
            for event in events
        }


@dataclass(frozen=True)
class Case:
    """One case: its *name*, and what tries it and returns what came of it, or fails."""

    name: str
    attempt: Callable[[Trial], str]


CASES: list[Case] = []


def case(name: str, *arguments: object) -> Callable[[Callable[..., str]], Callable[..., str]]:
    """Add a case that is tried by the function below, with *arguments*."""

    def add(attempt: Callable[..., str]) -> Callable[..., str]:
        CASES.append(Case(name, lambda trial: attempt(trial, *arguments)))
        return attempt

    return add


def name_warnings(said: str) -> list[str]:
    """Return the warnings in *said*."""
    return [line for line in said.splitlines() if line.startswith("Warning: ")]


# --- times -----------------------------------------------------------------------------------------------------------


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


# --- logins ----------------------------------------------------------------------------------------------------------


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


# --- refusals --------------------------------------------------------------------------------------------------------

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


# --- odd answers -----------------------------------------------------------------------------------------------------


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


ODD_CASES = ("30a", "30c", "30e", "30g", "30i", "30k")


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
    assert "lists nothing" in result.stderr
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


def main() -> int:
    """Try the cases that the command line names, and print the table."""
    words, replay, failures = sys.argv[1:], Replay(SHARED), 0
    sys.stdout.write("| case | what came of it |\n|---|---|\n")
    try:
        for each in sorted(CASES, key=lambda each: each.name):
            if words and not any(word in each.name for word in words):
                continue
            with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
                try:
                    seen = each.attempt(Trial(replay, Path(folder)))
                except Exception as error:
                    seen, failures = f"FAILED: {type(error).__name__}: {str(error)[:400]}", failures + 1
            seen = seen.replace("\n", " ").replace("|", "\\|")
            sys.stdout.write(f"| {each.name} | {seen} |\n")
    finally:
        replay.close()
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
