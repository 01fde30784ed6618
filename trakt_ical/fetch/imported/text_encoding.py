"""Octets of a file become text. Spreadsheets on Windows still write other encodings than UTF-8."""

from __future__ import annotations

import codecs
import re

_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_NOT_TEXT = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f]")  # no program writes these into a list


def decode_text(octets: bytes) -> str | None:
    """Return *octets* as text with `\\n` between lines; None where they are no text."""
    marked = next((encoding for bom, encoding in _BOMS if octets.startswith(bom)), None)
    for encoding in (marked,) if marked else ("utf-8", "cp1252"):
        try:
            text = octets.decode(encoding)
        except UnicodeDecodeError:
            continue
        if _NOT_TEXT.search(text) is None:
            return text.replace("\r\n", "\n").replace("\r", "\n")
    return None
