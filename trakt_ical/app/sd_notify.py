"""Tells systemd how the service is, as sd_notify(3) describes: a datagram to the socket that NOTIFY_SOCKET names.

These few lines stand in for a library: sdnotify is no longer maintained, and systemd-python has to be compiled.
"""

from __future__ import annotations

import contextlib
import os
import socket
import time
from collections.abc import Mapping

SEND_TIMEOUT = 1  # seconds


class ServiceManager:
    """The systemd that started this process, as *environ* names it; without one, each call does nothing."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        address = environ.get("NOTIFY_SOCKET", "")
        # An abstract address begins with a NUL, written as @. Others than these two are for virtual machines.
        self._address = "\0" + address[1:] if address.startswith("@") else address if address.startswith("/") else ""
        is_for_us = environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        self._has_watchdog = is_for_us and "WATCHDOG_USEC" in environ
        self._status = ""

    def notify_ready(self) -> None:
        """Report that the service runs, after the start or after a reload."""
        self._send("READY=1")

    def notify_reloading(self) -> None:
        """Report that the settings are being read again; the time tells systemd which signal that answers."""
        self._send(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def notify_stopping(self) -> None:
        """Report that the service ends."""
        self._send("STOPPING=1")

    def notify_alive(self) -> None:
        """Report that the service is not stuck, where systemd asked for that (WatchdogSec)."""
        if self._has_watchdog:
            self._send("WATCHDOG=1")

    def notify_status(self, status: str) -> None:
        """Report *status*, a line for people, if it is another one than before."""
        status = " ".join(status.splitlines())  # to systemd each line is a command of its own
        if status != self._status:
            self._status = status
            self._send(f"STATUS={status}")

    def _send(self, state: str) -> None:
        if not self._address:
            return
        # A systemd that does not listen must not end the service.
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as connection:
            connection.settimeout(SEND_TIMEOUT)
            connection.sendto(state.encode(), self._address)
