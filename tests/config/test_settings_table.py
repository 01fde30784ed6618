"""The page of all settings, which is made from the dataclass."""

from __future__ import annotations

import re

from tests.settings_table import PAGE, SECTIONS, insert_tables
from trakt_ical.config import FIELDS, SECRETS

TEXT = PAGE.read_text(encoding="utf-8")


def test_the_page_is_up_to_date() -> None:
    """docs/settings.md holds the tables that the settings give; python -m tests.settings_table writes them."""
    assert insert_tables(TEXT) == TEXT


def test_the_page_lists_every_setting_once() -> None:
    """Each setting has a row, in the order of the dataclass, and the first of them a heading."""
    assert re.findall(r"^\| `(\w+)` \|", TEXT, re.M) == list(FIELDS)
    assert next(iter(FIELDS)) in SECTIONS
    assert SECTIONS.keys() <= FIELDS.keys()


def test_every_meaning_is_a_sentence() -> None:
    """What a setting means begins with a capital and ends with a full stop."""
    assert [name for name, each in FIELDS.items() if not re.fullmatch(r"[A-Z].*\.", each.metadata["help"])] == []


def test_secrets_are_explained() -> None:
    """The page says of each secret that a file may hold it."""
    prose = TEXT.partition("<!--")[0]
    assert all(f"`{name}`" in prose for name in SECRETS)
