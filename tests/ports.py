"""Ports for servers that are told their port before they start."""

from __future__ import annotations

import random
import socket

# Below the range from which systems take a port for whoever names none (from 32768 on Linux, 49152 elsewhere). A port
# of that range which is free now may belong to another server or connection of the machine before a slow program has
# started, and a test would then talk to that one.
PORTS = range(10_000, 30_000)
_choice = random.Random()  # one of its own: each test would get the same ports where the shared one is seeded


def find_port() -> int:
    """Return a port at 127.0.0.1 that is free and that no other program gets by chance."""
    while True:
        port = _choice.choice(PORTS)
        try:
            with socket.create_server(("127.0.0.1", port)):
                return port
        except OSError:
            continue
