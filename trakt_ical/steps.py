"""The steps of a decision, told while it is made, so that what is explained is what was done."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

Tell: TypeAlias = Callable[..., object]
"""Hears a sentence with `%` places, and the values for them; they are put together only where somebody listens."""


def silent(sentence: str, *values: object) -> None:
    """Tell nobody."""


class Steps(list[str]):
    """Sentences in the order in which they were told."""

    def __call__(self, sentence: str, *values: object) -> None:
        self.append(sentence % values)
