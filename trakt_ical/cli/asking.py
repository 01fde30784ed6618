"""What a check-in asks whoever sits at the terminal; without one, its flags answer or it ends with a reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import click

from trakt_ical.app.checkin.desk import Choice, Surroundings
from trakt_ical.cli.terminal import is_terminal, note
from trakt_ical.errors import NoMatch, Running

if TYPE_CHECKING:
    from trakt_ical.trakt.subject import Busy, Subject

SECOND = 1.0


@dataclass(frozen=True)
class Asker:
    """Asks where somebody is *there*; *always* is what to do where another check-in runs, *early* a leave given before.

    With *quiet* nothing is said but questions.
    """

    surroundings: Surroundings
    there: bool
    always: Choice | None = None
    early: bool = False
    quiet: bool = False

    def which(self, sentence: str, subjects: Sequence[Subject]) -> Subject:
        """One of *subjects*, the first if only Enter is pressed. Raises NoMatch."""
        labels = [self.label(each) for each in subjects]
        if not self.there:
            raise NoMatch(f"{sentence} Name one.", tuple(labels))
        note(sentence)
        for number, label in enumerate(labels, 1):
            note(f"{number:>3}  {label}")
        chosen = click.prompt("Which", type=click.IntRange(1, len(labels)), default=1, err=True)
        return subjects[int(chosen) - 1]

    def check_aired(self, subject: Subject, *, early: bool) -> None:
        """Let pass what is *early*, which has yet to air, only where that is meant. Raises NoMatch."""
        if self.early or not early:
            return
        starts = subject.starts
        when = self.surroundings.clock(starts) if isinstance(starts, datetime) else f"on {starts}"
        sentence = f"{subject} has yet to air: {when}."
        if not self.there:
            raise NoMatch(f"{sentence} To check in all the same: --early.")
        note(sentence)
        if not click.confirm("Check in all the same?", err=True):
            raise NoMatch("Not checked in.")

    def busy(self, busy: Busy) -> Choice:
        """What to do where another check-in runs. Raises Running."""
        sentence = self.surroundings.told(busy)
        if self.always is not None:
            self._say(sentence)
            return self.always
        if not self.there:
            raise Running(f"{sentence} Use --wait or --replace.", busy.until)
        note(sentence)
        question, usual = "Wait, replace it, or leave it (w, r, l)", Choice.LEAVE.value
        chosen: Choice = click.prompt(question, value_proc=_choice, default=usual, err=True)
        return chosen

    def wait(self, until: datetime) -> None:
        """Wait for *until*, with a countdown on a terminal."""
        self._say(f"Waiting until {self.surroundings.clock(until)}.")
        while (left := (until - self.surroundings.now()).total_seconds()) > 0:
            if is_terminal() and not self.quiet:
                minutes, seconds = divmod(int(left), 60)
                note(f"{minutes}:{seconds:02d} left ", end="\r")
            self.surroundings.sleep(min(SECOND, left))

    def _say(self, sentence: str) -> None:
        if not self.quiet:
            note(sentence)

    def label(self, subject: Subject) -> str:
        """*subject* with what tells it from others: when it began, or the option that names the show."""
        if isinstance(subject.starts, datetime) and subject.code:
            return f"{subject}  ({self.surroundings.clock(subject.starts)})"
        if subject.code:
            return str(subject)
        named = next((name for name in ("trakt", "tvdb", "imdb", "tmdb") if subject.work.ids.get(name)), None)
        return f"{subject.work}  --{named} {subject.work.ids[named]}" if named else str(subject.work)


def _choice(typed: str) -> Choice:
    """The choice that *typed* is, or begins. Raises click.BadParameter."""
    for each in Choice:
        if typed.strip() and each.value.startswith(typed.strip().lower()):
            return each
    raise click.BadParameter(f"{typed!r} is none of {', '.join(each.value for each in Choice)}.")
