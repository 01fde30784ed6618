"""The mini-language of titles and descriptions: `{show} {code} {title}[ ({network})]`.

A `{part}` stands for what is known of the airing; the text between two parts is their separator.
A part of which nothing is known is left out and takes the separator before it with it (the first
one that after it). Text in `[…]` is one part: it is there when every part in it is known. `{{`,
`}}`, `[[` and `]]` stand for the characters themselves. Nothing else has a meaning; no code runs.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import TypeAlias

import msgspec

LEFT_TO_RIGHT_MARK = "\u200e"
RIGHT_TO_LEFT = ("R", "AL")  # as Unicode names the directions of Hebrew and of Arabic letters
_TOKEN = re.compile(r"\{\{|\}\}|\[\[|\]\]|\{(\w*)\}|[\[\]{}]|[^\[\]{}]+")

Table: TypeAlias = Mapping[str, Callable[..., str]]
"""For each part how to get its text, "" where nothing is known."""


class UnknownPart(ValueError):
    """A template names a part that does not exist."""

    def __init__(self, name: str) -> None:
        super().__init__(f"there is no part {{{name}}}")
        self.name = name


class Template(msgspec.Struct, frozen=True):
    """A parsed template: *lead*, then each item after its separator, then *tail*.

    An item is the name of a part, or a template that stands or falls as a whole.
    """

    lead: str
    items: tuple[tuple[str, str | Template], ...]
    tail: str

    def bind(self, table: Table) -> Callable[..., str]:
        """Return a function that renders the text by *table*; it gives "" where nothing is known."""
        items = [(each, table[part] if isinstance(part, str) else part.bind_whole(table)) for each, part in self.items]

        def render(*context: object) -> str:
            text = ""
            for separator, part in items:
                found = part(*context)
                if found:
                    text = join_texts(text, separator, found) if text else found
            return f"{self.lead}{text}{self.tail}" if text else ""

        return render

    def bind_whole(self, table: Table) -> Callable[..., str]:
        """Return the same, but it gives "" as soon as one part is not known."""
        render, parts = self.bind(table), [table[part] for _, part in self.items if isinstance(part, str)]
        return lambda *context: render(*context) if all(part(*context) for part in parts) else ""


def join_texts(before: str, separator: str, after: str) -> str:
    """Return *before*, *separator* and *after* as one text.

    Where *before* ends from right to left and *after* does not begin so, a mark stands between: else, in programs whose
    text runs from left to right, the digits of `2x03` are drawn on both sides of it.
    """
    if before.isascii() or "\n" in separator:
        return f"{before}{separator}{after}"
    is_turned = _ends_right_to_left(before) and unicodedata.bidirectional(after[0]) not in RIGHT_TO_LEFT
    return f"{before}{LEFT_TO_RIGHT_MARK if is_turned else ''}{separator}{after}"


def _ends_right_to_left(text: str) -> bool:
    """Whether the last letter of *text* that has a direction runs from right to left."""
    for letter in reversed(text):
        direction = unicodedata.bidirectional(letter)
        if direction == "L":
            return False
        if direction in RIGHT_TO_LEFT:
            return True
    return False


def parse_template(text: str, parts: Collection[str]) -> Template:
    """Parse *text* as a template of *parts*. Raises ValueError with the reason."""
    tokens = [(found[0], found[1]) for found in _TOKEN.finditer(text)]
    return _parse_tokens(iter(tokens), parts, closing="")


def _parse_tokens(tokens: Iterator[tuple[str, str | None]], parts: Collection[str], *, closing: str) -> Template:
    """Parse *tokens* up to *closing*, which is "]" within brackets."""
    texts, items = [""], list[str | Template]()
    for piece, name in tokens:
        if name is not None:
            if name not in parts:
                raise UnknownPart(name)
            items.append(name)
            texts.append("")
        elif piece == "[" and not closing:
            items.append(_parse_tokens(tokens, parts, closing="]"))
            texts.append("")
        elif closing and piece == closing:
            break
        elif piece in ("{{", "}}", "[[", "]]"):
            texts[-1] += piece[0]
        elif piece in ("[", "]", "{", "}"):
            raise ValueError(f"a {piece} is out of place; write it twice for the character itself")
        else:
            texts[-1] += piece
    else:
        if closing:
            raise ValueError("a [ is never closed")
    if not items:
        raise ValueError("there is no {part} between [ and ]" if closing else "there is no {part} in it")
    lead, *separators, tail = texts
    return Template(lead, tuple(zip(["", *separators], items, strict=True)), tail)
