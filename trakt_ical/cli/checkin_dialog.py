"""What is told of check-ins: sentences for people on stderr, or JSON on stdout for programs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import TracebackType
from typing import TYPE_CHECKING, Any

import click

from trakt_ical.checkin.service import CheckInContext, ConflictChoice
from trakt_ical.cli.terminal import strip_controls, write_line, write_live, write_note
from trakt_ical.errors import CheckInRunning, NoMatch

if TYPE_CHECKING:
    from trakt_ical.app.app import App
    from trakt_ical.checkin.items import Busy, CheckInExtras, CheckInPost, Started, Watching, WatchItem
    from trakt_ical.checkin.service import CheckInContext
    from trakt_ical.cli.run import Run


SECOND = 1.0


@dataclass(frozen=True)
class CheckInPrompt:
    """Asks where somebody is *there*; *always* is what to do where another check-in runs, *early* a leave given before.

    With *quiet* nothing is said but questions.
    """

    surroundings: CheckInContext
    there: bool
    always: ConflictChoice | None = None
    early: bool = False
    quiet: bool = False

    def which(self, sentence: str, subjects: Sequence[WatchItem]) -> WatchItem:
        """One of *subjects*, the first if only Enter is pressed. Raises NoMatch."""
        labels = [self.label(each) for each in subjects]
        if not self.there:
            raise NoMatch(f"{sentence} Name one.", tuple(labels))
        write_note(sentence)
        for number, label in enumerate(labels, 1):
            write_note(f"{number:>3}  {label}")
        chosen = click.prompt("Which", type=click.IntRange(1, len(labels)), default=1, err=True)
        return subjects[int(chosen) - 1]

    def check_aired(self, subject: WatchItem, *, early: bool) -> None:
        """Let pass what is *early*, which has yet to air, only where that is meant. Raises NoMatch."""
        if self.early or not early:
            return
        starts = subject.starts
        when = self.surroundings.clock(starts) if isinstance(starts, datetime) else f"on {starts}"
        sentence = f"{subject} has yet to air: {when}."
        if not self.there:
            raise NoMatch(f"{sentence} To check in all the same: --early.")
        write_note(sentence)
        if not click.confirm("Check in all the same?", err=True):
            raise NoMatch("Not checked in.")

    def busy(self, busy: Busy) -> ConflictChoice:
        """What to do where another check-in runs. Raises Running."""
        sentence = self.surroundings.told(busy)
        if self.always is not None:
            self._say(sentence)
            return self.always
        if not self.there:
            raise CheckInRunning(f"{sentence} Use --wait or --replace.", busy.until)
        write_note(sentence)
        question, usual = "Wait, replace it, or leave it (w, r, l)", ConflictChoice.LEAVE.value
        chosen: ConflictChoice = click.prompt(question, value_proc=_parse_choice, default=usual, err=True)
        return chosen

    def wait(self, until: datetime) -> None:
        """Wait for *until*, with a countdown on a terminal."""
        self._say(f"Waiting until {self.surroundings.clock(until)}.")
        while (left := (until - self.surroundings.now()).total_seconds()) > 0:
            if not self.quiet:
                minutes, seconds = divmod(int(left), 60)
                write_live(f"{minutes}:{seconds:02d} left")
            self.surroundings.sleep(min(SECOND, left))
        write_live("")

    def _say(self, sentence: str) -> None:
        if not self.quiet:
            write_note(sentence)

    def label(self, subject: WatchItem) -> str:
        """*subject* with what tells it from others: when it began, or the option that names the show."""
        if isinstance(subject.starts, datetime) and subject.code:
            return f"{subject}  ({self.surroundings.clock(subject.starts)})"
        if subject.code:
            return str(subject)
        named = next((name for name in ("trakt", "tvdb", "imdb", "tmdb") if subject.work.ids.get(name)), None)
        return f"{subject.work}  --{named} {subject.work.ids[named]}" if named else str(subject.work)


def _parse_choice(typed: str) -> ConflictChoice:
    """The choice that *typed* is, or begins. Raises click.BadParameter."""
    for each in ConflictChoice:
        if typed.strip() and each.value.startswith(typed.strip().lower()):
            return each
    raise click.BadParameter(f"{typed!r} is none of {', '.join(each.value for each in ConflictChoice)}.")


MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class CheckInReport:
    """Tells what came of a run; as JSON also why nothing did, where another check-in runs or nothing matches."""

    run: Run
    surroundings: CheckInContext
    as_json: bool

    def __enter__(self) -> CheckInReport:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if not self.as_json:
            return
        if isinstance(error, NoMatch):
            self._json({"error": str(error), "candidates": list(error.candidates)})
        if isinstance(error, CheckInRunning):
            self._json({"error": str(error), "running_until": error.until.isoformat() if error.until else None})

    def status(self, watching: Watching | None) -> None:
        """Tell what is running: data, and so on stdout."""
        if self.as_json:
            self._json({"running": _watching_to_json(watching) if watching else None})
        elif watching is None:
            write_line("Nothing is running.")
        else:
            left = _describe_time_left(watching.until, self.surroundings.now())
            write_line(strip_controls(f"{watching.subject}{self._until(watching.until)}{left}."))

    def cancelled(self, ended: Watching | None) -> None:
        """Tell what was ended."""
        if self.as_json:
            self._json({"cancelled": _watching_to_json(ended) if ended and not ended.player else None})
        if ended is None:
            self.run.say("Nothing is running.")
        elif ended.player:
            self.run.say(f"A player reports {ended.subject}; only the player can end that.")
        else:
            self.run.say(f"Ended the check-in to {ended.subject}.")

    def request(self, app: App, request: CheckInPost) -> None:
        """Tell the request that would be sent, without its secrets."""
        import json

        from trakt_ical.app.sources import find_server_url
        from trakt_ical.config import hide_userinfo

        shown = request.masked()
        url = hide_userinfo(find_server_url(app.settings)).rstrip("/") + shown.path
        if self.as_json:
            self._json({"method": "POST", "url": url, "body": shown.body})
            return
        write_line(f"POST {url}")
        write_line(json.dumps(shown.body, ensure_ascii=False, indent=2))

    def started(self, started: Started, extras: CheckInExtras) -> None:
        """Tell what began, until when, and where it was shared."""
        if self.as_json:
            self._json(
                {
                    "checked_in": _item_to_json(started.subject),
                    "since": started.since.isoformat(),
                    "until": started.until.isoformat() if started.until else None,
                    "shared": sorted(started.shared),
                }
            )
        self.run.say(
            f"Checked in to {started.subject}{self._until(started.until)}.{_describe_sharing(started, extras)}"
        )

    def _until(self, until: datetime | None) -> str:
        return f", until {self.surroundings.clock(until)}" if until else ""

    def _json(self, told: dict[str, Any]) -> None:
        import json

        write_line(json.dumps(told, ensure_ascii=False, indent=2))


def _describe_sharing(started: Started, extras: CheckInExtras) -> str:
    missing = sorted(extras.share - started.shared)
    shared = f" Shared on {', '.join(sorted(started.shared))}." if started.shared else ""
    unshared = f" Not shared on {', '.join(missing)}: Trakt did not, is it connected there?" if missing else ""
    return shared + unshared


def _describe_time_left(until: datetime | None, now: datetime) -> str:
    if until is None:
        return ""
    hours, minutes = divmod(max(0, -((now - until) // MINUTE)), 60)
    return f" ({f'{hours} h ' if hours else ''}{minutes} min left)"


def _watching_to_json(watching: Watching) -> dict[str, Any]:
    return {
        "what": _item_to_json(watching.subject),
        "since": watching.since.isoformat() if watching.since else None,
        "until": watching.until.isoformat() if watching.until else None,
        "player": watching.player,
    }


def _item_to_json(subject: WatchItem) -> dict[str, Any]:
    """*subject* for programs; what is not known is null."""
    work = {"title": subject.work.title, "year": subject.work.year, "ids": dict(subject.work.ids)}
    if subject.work.movie:
        return {"type": "movie", "movie": work}
    episode = {name: getattr(subject, name) for name in ("season", "number", "absolute", "title")}
    return {"type": "episode", "show": work, "episode": episode}
