"""What is told of check-ins: sentences for people on stderr, or JSON on stdout for programs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from types import TracebackType
from typing import TYPE_CHECKING, Any

from trakt_ical.cli.terminal import line, plain
from trakt_ical.errors import NoMatch, Running

if TYPE_CHECKING:
    from trakt_ical.app.checkin.desk import Surroundings
    from trakt_ical.app.parts import App
    from trakt_ical.cli.run import Run
    from trakt_ical.trakt.subject import Extras, Request, Started, Subject, Watching

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Told:
    """Tells what came of a run; as JSON also why nothing did, where another check-in runs or nothing matches."""

    run: Run
    surroundings: Surroundings
    as_json: bool

    def __enter__(self) -> Told:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if not self.as_json:
            return
        if isinstance(error, NoMatch):
            self._json({"error": str(error), "candidates": list(error.candidates)})
        if isinstance(error, Running):
            self._json({"error": str(error), "running_until": error.until.isoformat() if error.until else None})

    def status(self, watching: Watching | None) -> None:
        """Tell what is running: data, and so on stdout."""
        if self.as_json:
            self._json({"running": _running(watching) if watching else None})
        elif watching is None:
            line("Nothing is running.")
        else:
            left = _left(watching.until, self.surroundings.now())
            line(plain(f"{watching.subject}{self._until(watching.until)}{left}."))

    def cancelled(self, ended: Watching | None) -> None:
        """Tell what was ended."""
        if self.as_json:
            self._json({"cancelled": _running(ended) if ended and not ended.player else None})
        if ended is None:
            self.run.say("Nothing is running.")
        elif ended.player:
            self.run.say(f"A player reports {ended.subject}; only the player can end that.")
        else:
            self.run.say(f"Ended the check-in to {ended.subject}.")

    def request(self, app: App, request: Request) -> None:
        """Tell the request that would be sent, without its secrets."""
        import json

        from trakt_ical.config import V2_URL, without_userinfo

        shown = request.masked()
        url = without_userinfo(app.settings.api_url or V2_URL).rstrip("/") + shown.path
        if self.as_json:
            self._json({"method": "POST", "url": url, "body": shown.body})
            return
        line(f"POST {url}")
        line(json.dumps(shown.body, ensure_ascii=False, indent=2))

    def started(self, started: Started, extras: Extras) -> None:
        """Tell what began, until when, and where it was shared."""
        if self.as_json:
            self._json(
                {
                    "checked_in": _subject(started.subject),
                    "since": started.since.isoformat(),
                    "until": started.until.isoformat() if started.until else None,
                    "shared": sorted(started.shared),
                }
            )
        self.run.say(f"Checked in to {started.subject}{self._until(started.until)}.{_sharing(started, extras)}")

    def _until(self, until: datetime | None) -> str:
        return f", until {self.surroundings.clock(until)}" if until else ""

    def _json(self, told: dict[str, Any]) -> None:
        import json

        line(json.dumps(told, ensure_ascii=False, indent=2))


def _sharing(started: Started, extras: Extras) -> str:
    missing = sorted(extras.share - started.shared)
    shared = f" Shared on {', '.join(sorted(started.shared))}." if started.shared else ""
    unshared = f" Not shared on {', '.join(missing)}: Trakt did not, is it connected there?" if missing else ""
    return shared + unshared


def _left(until: datetime | None, now: datetime) -> str:
    if until is None:
        return ""
    hours, minutes = divmod(max(0, -((now - until) // MINUTE)), 60)
    return f" ({f'{hours} h ' if hours else ''}{minutes} min left)"


def _running(watching: Watching) -> dict[str, Any]:
    return {
        "what": _subject(watching.subject),
        "since": watching.since.isoformat() if watching.since else None,
        "until": watching.until.isoformat() if watching.until else None,
        "player": watching.player,
    }


def _subject(subject: Subject) -> dict[str, Any]:
    """*subject* for programs; what is not known is null."""
    work = {"title": subject.work.title, "year": subject.work.year, "ids": dict(subject.work.ids)}
    if subject.work.movie:
        return {"type": "movie", "movie": work}
    episode = {name: getattr(subject, name) for name in ("season", "number", "absolute", "title")}
    return {"type": "episode", "show": work, "episode": episode}
