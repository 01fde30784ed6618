"""Files that a scheduler reads, written with a mark that holds a hash of the rest.

What has no such mark, or another hash, was written or changed by somebody else, and is left alone.
"""

from __future__ import annotations

import getpass
import hashlib
import logging
import os
import re
import shlex
import subprocess
from collections.abc import Mapping
from pathlib import Path

from trakt_ical import files
from trakt_ical.errors import OutputError, SettingsError

log = logging.getLogger(__name__)

MARK = "Written by trakt-ical schedule"
MARKED = re.compile(rf"{MARK} ([0-9a-f]{{16}})")
PATIENCE = 30  # seconds that a scheduler's own program may take


def run_program(*words: str, text: str | None = None, environ: Mapping[str, str] | None = None) -> str:
    """Run a scheduler's own program and return what it prints. Raises OutputError with its own words."""
    log.info("Running %s", shlex.join(words))
    try:
        # No shell: each word reaches the program as it is.
        done = subprocess.run(  # noqa: S603
            words, input=text, capture_output=True, text=True, timeout=PATIENCE, env=environ, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        reason = getattr(error, "strerror", None) or "it did not end"
        raise OutputError(f"{words[0]} cannot be run: {reason}.") from error
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()
        raise OutputError(f"{words[0]} failed: {said[0].rstrip('.') if said else f'status {done.returncode}'}.")
    return done.stdout


def _hash_text(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def is_ours(text: str) -> bool:
    """Whether *text* has our mark, and the hash of everything but the mark."""
    found = MARKED.search(text)
    return found is not None and found[1] == _hash_text(MARKED.sub(MARK, text))


def add_mark(text: str) -> str:
    """Return *text*, which has the bare mark in it, with its hash."""
    return text.replace(MARK, f"{MARK} {_hash_text(text)}", 1)


def read_file(path: Path) -> str | None:
    """Return the text of the file at *path*, None where there is none. Raises OutputError."""
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise OutputError(f"{path} cannot be read: {getattr(error, 'strerror', error)}.") from error


def refuse_foreign(text: str | None, place: str) -> None:
    """Raise OutputError where there is a *text* at *place*, and it is not ours."""
    if text is not None and not is_ours(text):
        raise OutputError(
            f"{place} was not written by trakt-ical schedule, or was changed since. It is left as it is. "
            "Remove it yourself, or choose another name with --name."
        )


def write_marked(texts: Mapping[str, str]) -> None:
    """Write *texts* to their paths, none of which may hold what is not ours. Raises OutputError."""
    for place in texts:
        refuse_foreign(read_file(Path(place)), place)
    for place, text in texts.items():
        try:
            Path(place).parent.mkdir(parents=True, exist_ok=True)
            files.write_whole(Path(place), text.encode(), mode=0o644)
        except OSError as error:
            raise OutputError(f"{place} cannot be written: {error.strerror}.") from error


def remove_marked(*places: Path) -> bool:
    """Remove the files at *places*, none of which may hold what is not ours; return whether there were any."""
    there = {place: text for place in places if (text := read_file(place)) is not None}
    for place, text in there.items():
        refuse_foreign(text, str(place))
    for place in there:
        try:
            place.unlink(missing_ok=True)
        except OSError as error:
            raise OutputError(f"{place} cannot be removed: {error.strerror}.") from error
    return bool(there)


def find_user_home() -> Path:
    """Return the user's home folder, in which a scheduler looks for schedules. Raises SettingsError."""
    try:
        return Path.home()
    except RuntimeError as error:
        raise SettingsError("Your user has no home folder, in which this scheduler looks for schedules.") from error


def name_user() -> str:
    """Return the name of the user who runs this."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # the user has no name
        return str(os.getuid())
