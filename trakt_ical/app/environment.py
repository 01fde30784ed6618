"""What a run takes from the world around it: clock, time-outs, environment variables, folders."""

from __future__ import annotations

import contextlib
import os
import re
import sys
import zoneinfo
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from trakt_ical.config import HOME
from trakt_ical.errors import SettingsError
from trakt_ical.trakt.reach import Reach
from trakt_ical.wording import PROGRAM


def _has_terminal() -> bool:
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stderr))


class Environment(msgspec.Struct, frozen=True):
    """What a run takes from the world; tests give it another one.

    *environ*: the environment variables. *timeout*: seconds to connect to a source and between two reads, except for
    logins; None: the client's own. *has_terminal*: whether the user can be asked. *reach*: which servers answer.
    *program*: how the user starts the program, with the general options of this run.
    """

    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    sleep: Callable[[float], object] | None = None
    environ: Mapping[str, str] = msgspec.field(default_factory=lambda: os.environ)
    timeout: tuple[float, float] | None = None
    has_terminal: Callable[[], bool] = _has_terminal
    reach: Reach = msgspec.field(default_factory=Reach)
    program: str = PROGRAM


def use_newest_zones() -> None:
    """Take time zones from the newer of this computer's data and the `tzdata` package's.

    Python takes those of the computer where it has any, however old. Countries change their clocks at short notice:
    with data of 2025, Vancouver and Havana are an hour off from November 2026 on.
    """
    import tzdata  # type: ignore[import-untyped]

    if "PYTHONTZPATH" in os.environ:  # somebody chose the data
        return
    if find_zones_version(zoneinfo.TZPATH) < tzdata.IANA_VERSION:
        # By its folder, where it has one: to find a zone by importing takes importlib.resources, 4 ms of a short run.
        zoneinfo.reset_tzpath(to=[Path(tzdata.__file__).parent.absolute() / "zoneinfo"])


def find_zones_version(folders: Sequence[str]) -> str:
    """Return the version ("2026b") of the zones in the first of *folders* that exists, "" where it is not known."""
    for folder in filter(Path.is_dir, map(Path, folders)):
        for name in ("tzdata.zi", "+VERSION"):  # of Linux, of macOS and the BSDs
            with contextlib.suppress(OSError), (folder / name).open(encoding="utf-8", errors="replace") as file:
                if found := re.search(r"\b(19|20)\d\d[a-z]+", file.readline(100)):
                    return found[0]
        break
    return ""


class Folders(msgspec.Struct, frozen=True):
    """Where files are kept: the settings *file*, *data* (the login), *cache* (answers), *state* (of outputs)."""

    file: Path
    data: Path
    cache: Path
    state: Path

    @property
    def working_folders(self) -> tuple[Path, ...]:
        """The folders that runs write to."""
        return self.data, self.cache, self.state

    @property
    def feed(self) -> Path:
        """Where the feed keeps its copies and secrets."""
        return self.state.parent / "feed"

    @classmethod
    def inside(cls, home: Path) -> Folders:
        """Return the folders that are all inside *home*."""
        return cls(home / "config.toml", home, home / "cache", home / "outputs")

    @classmethod
    def of_user(cls) -> Folders:
        """Return the folders that the platform provides for the user. Raises SettingsError where the user has none."""
        import platformdirs

        dirs = platformdirs.PlatformDirs("trakt-ical", appauthor=False)
        try:
            return cls(
                dirs.user_config_path / "config.toml",
                dirs.user_data_path,
                dirs.user_cache_path,
                dirs.user_state_path / "outputs",
            )
        except RuntimeError as error:  # a user without a name, as containers and sandboxes have, and no HOME
            raise SettingsError(
                "Your user has no home folder to keep files in. "
                f"Set {HOME} to a folder for the program's files, or name one with --home."
            ) from error


def find_folders(home: str | None, environ: Mapping[str, str], *, demo: bool) -> Folders:
    """Return the folders of this run: all inside the folder *home* or TRAKT_ICAL_HOME, else those of the platform.

    With *demo*, those of the built-in Trakt: all in one, so that nothing of the user's own is touched.
    Raises SettingsError.
    """
    named = home or environ.get(HOME)
    folders = Folders.inside(_find_home(named, "--home" if home else HOME)) if named else Folders.of_user()
    return Folders.inside(folders.data / "demo") if demo else folders


def _find_home(named: str, origin: str) -> Path:
    """Return the folder *named* as an absolute path; it need not exist. Raises SettingsError."""
    try:
        path = Path(named).expanduser().absolute()
        is_other = not path.is_dir() and os.path.lexists(path)
    except RuntimeError as error:
        raise SettingsError(
            f"{origin} begins with a ~ that stands for no known home folder: {named}. Write the whole path."
        ) from error
    except OSError as error:  # a name that is too long, a folder that may not be entered
        raise SettingsError(f"{origin}: the folder {named} cannot be used: {error.strerror}.") from error
    if is_other:
        raise SettingsError(f"{origin} must name a folder, and {named} is not one.")
    return path
