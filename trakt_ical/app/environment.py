"""What a run takes from the world around it: clock, patience, environment, folders."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path


def _has_terminal() -> bool:
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stderr))


@dataclass(frozen=True)
class Environment:
    """What a run takes from the world: clock, patience, environment.

    *timeout*: seconds to connect to Trakt and between two reads, but for logins; None: the client's own.
    *has_terminal*: whether somebody can be asked.
    """

    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    sleep: Callable[[float], object] | None = None
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    timeout: tuple[float, float] | None = None
    has_terminal: Callable[[], bool] = _has_terminal


@dataclass(frozen=True)
class Folders:
    """Where a user's files are: settings *file*, *data* (the login), *cache* (of answers), *state* (of outputs)."""

    file: Path
    data: Path
    cache: Path
    state: Path

    @property
    def feed(self) -> Path:
        """Where the feed keeps its copies and secrets: beside the state of outputs."""
        return self.state.parent / "feed"

    @classmethod
    def of_user(cls) -> Folders:
        """Where the platform wants them."""
        import platformdirs

        dirs = platformdirs.PlatformDirs("trakt-ical", appauthor=False)
        return cls(
            dirs.user_config_path / "config.toml",
            dirs.user_data_path,
            dirs.user_cache_path,
            dirs.user_state_path / "outputs",
        )

    @classmethod
    def of_demo(cls) -> Folders:
        """A folder of its own for the built-in Trakt."""
        folder = cls.of_user().data / "demo"
        return cls(folder / "config.toml", folder, folder / "cache", folder / "outputs")
