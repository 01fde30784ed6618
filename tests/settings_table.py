"""Writes the tables of `docs/settings.md` from the settings: `python -m tests.settings_table`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from trakt_ical.config import FIELDS
from trakt_ical.config.values import format_value

PAGE = Path(__file__).resolve().parents[1] / "docs" / "settings.md"
BEGIN, END = "<!-- The tables are made by: python -m tests.settings_table -->\n", "<!-- End of the tables. -->\n"

SECTIONS = {
    "api": "Server and account",
    "source": "What the calendar is",
    "dates": "When airings are shown",
    "specials": "Which airings are shown",
    "group": "How events read",
    "tombstone_days": "What the calendar remembers",
    "listen": "The feed",
}
"""The heading before each setting that begins a section."""


def describe_values(name: str) -> str:
    """Return which values the setting *name* takes, for a cell of the table."""
    field, facts = FIELDS[name], FIELDS[name].metadata
    if facts["choices"]:
        words = ", ".join(f"`{word}`" for word in facts["choices"])
        return f"list of {words}" if isinstance(field.default, tuple) else words
    if facts["values"] is str:
        return "table: name = text"
    if facts["values"] is bool:
        return "table: name = `true` or `false`"
    if facts["values"] is int:
        return f"table: name = {facts['least']} to {facts['most']}"
    if isinstance(field.default, bool):
        return "`true`, `false`"
    if isinstance(field.default, int | float):
        return f"{facts['least']} to {facts['most']}" if facts["most"] else f"{facts['least']} or more"
    return "list of texts" if isinstance(field.default, tuple) else "secret text" if facts["secret"] else "text"


def make_tables() -> str:
    """Return the tables of all settings, a section each."""
    return "".join(_write_rows())


def _write_rows() -> Iterator[str]:
    for name, field in FIELDS.items():
        if name in SECTIONS:
            yield f"\n## {SECTIONS[name]}\n\n| setting | default | values | meaning |\n|---|---|---|---|\n"
        default = format_value(field.default)
        shown = f"`{default}`" if default else ""
        yield f"| `{name}` | {shown} | {describe_values(name)} | {field.metadata['help']} |\n"


def insert_tables(page: str) -> str:
    """Return *page* with the tables of today between the two marks."""
    pattern = re.escape(BEGIN) + ".*" + re.escape(END)
    return re.sub(pattern, lambda _: f"{BEGIN}{make_tables()}\n{END}", page, flags=re.S)


if __name__ == "__main__":
    PAGE.write_text(insert_tables(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
