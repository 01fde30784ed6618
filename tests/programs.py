"""Programs of the computer that scripts stand in for, such as cron's."""

from __future__ import annotations

from pathlib import Path

CRONTAB = """#!/bin/sh
case $1 in
    -l) /bin/cat "$TABLE" 2>/dev/null || { echo "no crontab for nobody" >&2; exit 1; } ;;
    -) /bin/cat > "$TABLE" ;;
esac
"""
"""A `crontab` that keeps its table in the file $TABLE. It needs no program that the PATH must lead to."""


def write_programs(folder: Path, **texts: str) -> Path:
    """Make *folder*, with a program of each name in it; return it."""
    folder.mkdir()
    for name, text in texts.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    return folder
