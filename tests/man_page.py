"""Writes the man page `docs/trakt-ical.1` from the help of all commands: `python -m tests.man_page`."""

from __future__ import annotations

import inspect
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path

import click

from trakt_ical import __version__
from trakt_ical.cli import cli

DATE = "2026-11-25"  # of the version
ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "trakt-ical.1"

SETTINGS = """
Settings are read from a file in TOML, from the environment (TRAKT_ICAL_ and the name of the setting in capitals)
and from options. An option beats the environment, the environment beats the file, and the file beats the default.
The command "trakt-ical config --all" lists all settings with their values and where these come from; "trakt-ical
config --schema" prints what each one means and takes.
"""
FILES = {
    "~/.config/trakt-ical/config.toml": "The settings. trakt-ical config says where this file is or would be.",
    "~/.local/share/trakt-ical/": "Logins, imported lists, and the secret addresses and stored copies of the feed.",
    "~/.local/state/trakt-ical/": "What is known of each output.",
    "~/.cache/trakt-ical/": "Kept answers. You may delete them at any time.",
}
OTHER_SYSTEMS = "Other systems have folders of their own. With TRAKT_ICAL_HOME or --home everything is in one folder."
ENVIRONMENT = {
    "TRAKT_ICAL_HOME": "The folder of all files, as --home.",
    "TRAKT_ICAL_CONFIG": "The settings file, as --config.",
    "TRAKT_ICAL_...": "Any setting, such as TRAKT_ICAL_BACK=14. A secret may be in a file: TRAKT_ICAL_PASSWORD_FILE.",
    "NO_COLOR": "If it is set, nothing is colored.",
    "EDITOR, VISUAL": "The program that trakt-ical config edit opens.",
    "XDG_CONFIG_HOME, XDG_DATA_HOME, XDG_STATE_HOME, XDG_CACHE_HOME": "Where the folders above are.",
    "http_proxy, https_proxy, no_proxy": "The proxy by which sources are asked.",
}


def make_page() -> str:
    """Return the man page."""
    return "\n".join(_write_lines()) + "\n"


def _write_lines() -> Iterator[str]:
    context = click.Context(cli, info_name="trakt-ical")
    yield r".\" Made by: python -m tests.man_page"
    yield f'.TH TRAKT\\-ICAL 1 "{DATE}" "trakt\\-ical {__version__}" "User Commands"'
    yield ".SH NAME"
    yield rf"trakt\-ical \- {_escape(_lower_first(cli.get_short_help_str(limit=200)))}"
    yield ".SH SYNOPSIS"
    yield from _write_usage(cli, context)
    yield ".SH DESCRIPTION"
    yield from _write_text(cli.help or "")
    yield ".SH OPTIONS"
    yield from _write_options(cli, context)
    yield ".SH COMMANDS"
    yield from _write_commands(cli, context)
    yield ".SH SETTINGS"
    yield from _write_text(SETTINGS)
    yield ".SH FILES"
    yield from _write_list(FILES)
    yield ".PP"
    yield from _fill(OTHER_SYSTEMS)
    yield ".SH ENVIRONMENT"
    yield from _write_list(ENVIRONMENT)
    yield ".SH EXIT STATUS"
    yield from _write_list(_read_exit_statuses())


def _write_commands(group: click.Group, context: click.Context) -> Iterator[str]:
    """Yield the part of each command of *group*, those of groups in it too."""
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        inner = click.Context(command, info_name=name, parent=context)
        yield f".SS {_escape(inner.command_path)}"
        yield from _write_usage(command, inner)
        yield ".PP"
        yield from _write_text(command.help or "")
        yield from _write_options(command, inner)
        if isinstance(command, click.Group):
            yield from _write_commands(command, inner)


def _write_usage(command: click.Command, context: click.Context) -> Iterator[str]:
    pieces = [rf"\fI{_escape(piece)}\fR" for piece in command.collect_usage_pieces(context)]
    yield " ".join([rf"\fB{_escape(context.command_path)}\fR", *pieces])


def _write_options(command: click.Command, context: click.Context) -> Iterator[str]:
    for param in command.get_params(context):
        record = param.get_help_record(context)
        if record is None or isinstance(param, click.Argument) or "--help" in param.opts:
            continue
        names = []
        for name in record[0].split(", "):
            option, _, value = name.partition(" ")
            names.append(rf"\fB{_escape(option)}\fR" + (rf" \fI{_escape(value)}\fR" if value else ""))
        yield ".TP"
        yield ", ".join(names)
        yield from _fill(record[1])


def _write_list(entries: dict[str, str]) -> Iterator[str]:
    for name, meaning in entries.items():
        yield ".TP"
        yield rf"\fB{_escape(name)}\fR"
        yield from _fill(meaning)


def _write_text(text: str) -> Iterator[str]:
    """Yield the paragraphs of *text*; one that begins with `\\b`, click's sign, keeps its lines."""
    for number, paragraph in enumerate(inspect.cleandoc(text).split("\n\n")):
        if number:
            yield ".PP"
        first, *lines = paragraph.split("\n")
        if first == "\b":
            yield from (".nf", *(_protect(_escape(line)) for line in lines), ".fi")
        else:
            yield from _fill(" ".join((first, *lines)))


def _read_exit_statuses() -> dict[str, str]:
    """Return what each exit status means, as docs/running.md says it."""
    text = (ROOT / "docs" / "running.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d+) \| (.+?) \|$", text, re.M)
    return {status: re.sub(r"`|\[([^]]+)\]\([^)]+\)", r"\1", meaning) for status, meaning in rows}


def _fill(text: str) -> list[str]:
    """Return *text* in lines that editors and `mandoc -T lint` like."""
    lines = textwrap.wrap(_escape(text), 78, break_long_words=False, break_on_hyphens=False)
    return [_protect(line) for line in lines]


def _escape(text: str) -> str:
    """Return *text* with every sign as roff writes it."""
    for sign, written in {"\\": r"\e", "-": r"\-", "'": r"\(aq", "`": r"\(ga", "^": r"\(ha", "~": r"\(ti"}.items():
        text = text.replace(sign, written)
    return "".join(char if char.isascii() else f"\\[u{ord(char):04X}]" for char in text)


def _protect(line: str) -> str:
    """Return *line* so that roff takes it for text, though it begins as a request does."""
    return rf"\&{line}" if line.startswith(".") else line


def _lower_first(text: str) -> str:
    return text[:1].lower() + text[1:].removesuffix(".")


if __name__ == "__main__":
    PAGE.write_text(make_page(), encoding="utf-8")
