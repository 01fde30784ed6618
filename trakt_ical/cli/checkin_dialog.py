"""What `checkin` asks and answers: questions and sentences on stderr, data and JSON on stdout."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import TracebackType
from typing import TYPE_CHECKING, Any

import click

from trakt_ical.app.open_source import find_server_url
from trakt_ical.checkin.service import CheckInContext, ConflictChoice, describe_conflict
from trakt_ical.cli.terminal import strip_controls, write_line, write_live, write_note
from trakt_ical.config import hide_userinfo
from trakt_ical.errors import CheckInRunning, NoMatch

if TYPE_CHECKING:
    from trakt_ical.app.context import App
    from trakt_ical.checkin.items import CheckInExtras, CheckInPost, Conflict, Started, Watching, WatchItem
    from trakt_ical.cli.run import Run

SECOND = 1.0
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class CheckInPrompt:
    """Asks questions where somebody is *present*.

    *always* is what to do while another check-in runs, where that was said beforehand; *early* allows what has yet to
    air. With *quiet* only questions are written.
    """

    context: CheckInContext
    present: bool
    always: ConflictChoice | None = None
    early: bool = False
    quiet: bool = False

    def choose(self, sentence: str, items: Sequence[WatchItem]) -> WatchItem:
        """Return one of *items*, the first if only Enter is pressed. Raises NoMatch where nobody is present."""
        labels = [self._label_item(each) for each in items]
        if not self.present:
            raise NoMatch(f"{sentence} Name one of these:", tuple(labels))
        write_note(sentence)
        for number, label in enumerate(labels, 1):
            write_note(f"{number:>3}  {label}")
        chosen = click.prompt("Which", type=click.IntRange(1, len(labels)), default=1, err=True)
        return items[int(chosen) - 1]

    def confirm_early(self, item: WatchItem) -> None:
        """Ask whether to check in to *item*, which has yet to air. Raises NoMatch for no."""
        if self.early:
            return
        starts = item.starts
        when = self.context.describe_time(starts) if isinstance(starts, datetime) else f"on {starts}"
        sentence = f"{item} has yet to air: {when}."
        if not self.present:
            raise NoMatch(f"{sentence} To check in anyway, add --early.")
        write_note(sentence)
        if not click.confirm("Check in anyway?", err=True):
            raise NoMatch("Not checked in.")

    def resolve_conflict(self, conflict: Conflict) -> ConflictChoice:
        """Return what to do while another check-in runs. Raises CheckInRunning where nobody can be asked."""
        sentence = describe_conflict(conflict, self.context)
        if self.always is not None:
            self._say(sentence)
            return self.always
        if not self.present:
            raise CheckInRunning(f"{sentence} Use --wait or --replace.", conflict.until)
        write_note(sentence)
        question, usual = "Wait, replace it, or leave it (w, r, l)", ConflictChoice.LEAVE.value
        chosen: ConflictChoice = click.prompt(question, value_proc=_parse_choice, default=usual, err=True)
        return chosen

    def wait_until(self, end: datetime) -> None:
        """Wait for *end*, with a countdown on a terminal."""
        self._say(f"Waiting until {self.context.describe_time(end)}.")
        while (left := (end - self.context.now()).total_seconds()) > 0:
            if not self.quiet:
                minutes, seconds = divmod(int(left), 60)
                write_live(f"{minutes}:{seconds:02d} left")
            self.context.sleep(min(SECOND, left))
        write_live("")

    def _say(self, sentence: str) -> None:
        if not self.quiet:
            write_note(sentence)

    def _label_item(self, item: WatchItem) -> str:
        """*item* with what tells it from others: when it began, or the options that name the show or movie."""
        if isinstance(item.starts, datetime) and item.code:
            return f"{item}  ({self.context.describe_time(item.starts)})"
        if item.code:
            return str(item)
        ids = item.title.ids
        option = next((name for name in ("trakt", "tvdb", "imdb", "tmdb") if ids.get(name)), None)
        options = ("--movie",) * item.title.movie + ((f"--{option} {ids[option]}",) if option else ())
        return "  ".join(filter(None, (str(item.title), " ".join(options))))


def _parse_choice(text: str) -> ConflictChoice:
    """The choice that *text* is, or begins. Raises click.BadParameter."""
    for each in ConflictChoice:
        if text.strip() and each.value.startswith(text.strip().lower()):
            return each
    raise click.BadParameter(f"{text!r} is none of {', '.join(each.value for each in ConflictChoice)}.")


@dataclass(frozen=True)
class CheckInReport:
    """Writes the result of a run; as JSON also an error where another check-in runs or nothing matches."""

    run: Run
    context: CheckInContext
    as_json: bool

    def __enter__(self) -> CheckInReport:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if not self.as_json:
            return
        if isinstance(error, NoMatch):
            _write_json({"error": str(error), "candidates": list(error.candidates)})
        if isinstance(error, CheckInRunning):
            _write_json({"error": str(error), "running_until": error.until.isoformat() if error.until else None})

    def show_watching(self, watching: Watching | None) -> None:
        """Write what is being watched: data, and so on stdout."""
        if self.as_json:
            _write_json({"running": _watching_to_json(watching) if watching else None})
        elif watching is None:
            write_line("Nothing is running.")
        else:
            left = _describe_time_left(watching.until, self.context.now())
            write_line(strip_controls(f"{watching.item}{self._describe_end(watching.until)}{left}."))

    def show_cancelled(self, watching: Watching | None) -> None:
        """Write which check-in was ended; what a player reports is not."""
        if self.as_json:
            _write_json({"cancelled": _watching_to_json(watching) if watching and not watching.player else None})
        if watching is None:
            self.run.say("Nothing is running.")
        elif watching.player:
            self.run.say(f"{watching.item} is not a check-in: a player reports it, and only the player can end it.")
        else:
            self.run.say(f"Ended the check-in to {watching.item}.")

    def show_post(self, app: App, post: CheckInPost) -> None:
        """Write the request that would be sent, without its secrets."""
        post = post.hide_secrets()
        url = hide_userinfo(find_server_url(app.settings)).rstrip("/") + post.path
        if self.as_json:
            _write_json({"method": "POST", "url": url, "body": post.body})
            return
        write_line(f"POST {url}")
        _write_json(post.body)

    def show_started(self, started: Started, extras: CheckInExtras) -> None:
        """Write what began, until when, and where it was shared."""
        if self.as_json:
            _write_json(
                {
                    "checked_in": _item_to_json(started.item),
                    "since": started.since.isoformat(),
                    "until": started.until.isoformat() if started.until else None,
                    "shared": sorted(started.shared),
                }
            )
        end, sharing = self._describe_end(started.until), _describe_sharing(started, extras)
        self.run.say(f"Checked in to {started.item}{end}.{sharing}")

    def _describe_end(self, until: datetime | None) -> str:
        return f", until {self.context.describe_time(until)}" if until else ""


def _write_json(value: object) -> None:
    write_line(json.dumps(value, ensure_ascii=False, indent=2))


def _describe_sharing(started: Started, extras: CheckInExtras) -> str:
    sentences = ""
    if started.shared:
        sentences += f" Shared on {', '.join(sorted(started.shared))}."
    if missing := sorted(extras.share - started.shared):
        accounts = "Is that account" if len(missing) == 1 else "Are those accounts"
        sentences += f" Trakt did not share it on {', '.join(missing)}. {accounts} connected?"
    return sentences


def _describe_time_left(until: datetime | None, now: datetime) -> str:
    if until is None:
        return ""
    hours, minutes = divmod(max(0, -((now - until) // MINUTE)), 60)
    return f" ({f'{hours} h ' if hours else ''}{minutes} min left)"


def _watching_to_json(watching: Watching) -> dict[str, Any]:
    return {
        "what": _item_to_json(watching.item),
        "since": watching.since.isoformat() if watching.since else None,
        "until": watching.until.isoformat() if watching.until else None,
        "player": watching.player,
    }


def _item_to_json(item: WatchItem) -> dict[str, Any]:
    """*item* for programs; what is not known is null."""
    title = {"title": item.title.name, "year": item.title.year, "ids": dict(item.title.ids)}
    if item.title.movie:
        return {"type": "movie", "movie": title}
    episode = {"season": item.season, "number": item.number, "absolute": item.absolute, "title": item.episode_title}
    return {"type": "episode", "show": title, "episode": episode}
