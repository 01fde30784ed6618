"""Measuring: whole processes and calls, turn by turn, and the sentences that say whether a limit is kept."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TypeVar

T = TypeVar("T")

COMMAND = str(Path(sys.executable).with_name("trakt-ical"))


@dataclass(frozen=True)
class Cost:
    """What a process took: *seconds* by the clock on the wall, and the *peak* of its memory in the system's units."""

    seconds: float
    peak: int


def run_process(command: Sequence[str], environ: Mapping[str, str]) -> Cost:
    """Run *command* to its end. Raises RuntimeError where it ends with a status other than 0.

    A child begins as a copy of this process, so that its peak is never lower than the one here:
    who measures memory keeps large things out of this process.
    """
    start = time.perf_counter()
    child = subprocess.Popen(command, env=environ, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    seconds = time.perf_counter() - start
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with status {child.returncode}.")
    return Cost(seconds, usage.ru_maxrss)


def take_turns(measures: Mapping[str, Callable[[], T]], rounds: int) -> dict[str, list[T]]:
    """What *measures* gave, each once a round, one after the other; a first round, to warm up, is not counted."""
    for measure in measures.values():
        measure()
    results: dict[str, list[T]] = {name: [] for name in measures}
    for _ in range(rounds):
        for name, measure in measures.items():
            results[name].append(measure())
    return results


def seconds(costs: Sequence[Cost]) -> float:
    """The median of the time."""
    return median(cost.seconds for cost in costs)


def peak(costs: Sequence[Cost]) -> float:
    """The median of the memory."""
    return median(cost.peak for cost in costs)


def milliseconds(figure: float) -> str:
    """Seconds for people."""
    return f"{figure * 1000:.1f} ms"


def at_most(what: str, ratio: float, limit: float) -> str:
    """A line that says whether *ratio* keeps an upper limit."""
    return f"{what}: {ratio:.2f}, at most {limit}: {'within' if ratio <= limit else 'over'}"


def at_least(what: str, ratio: float, limit: float) -> str:
    """A line that says whether *ratio* keeps a lower limit."""
    return f"{what}: {ratio:.2f}, at least {limit}: {'within' if ratio >= limit else 'over'}"


def print_lines(*lines: str) -> None:
    """Write *lines* to stdout."""
    sys.stdout.write("\n".join(lines) + "\n")
