"""Pending logins of the device flow, by their two codes. They live as long as the demo."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from threading import Lock

LIFE = timedelta(minutes=10)


class Login(Enum):
    """How far a login of the device flow has come."""

    PENDING = "pending"
    ALLOWED = "allowed"
    DENIED = "denied"
    USED = "used"


@dataclass
class Device:
    """One login: the code the program polls with, the code a person types."""

    device_code: str
    user_code: str
    expires_at: datetime
    login: Login = Login.PENDING
    polled_at: datetime | None = None


class Devices:
    """The logins that were started, each good for ten minutes."""

    def __init__(self, clock: Callable[[], datetime], interval: int) -> None:
        self.interval = interval
        self._clock = clock
        self._devices: list[Device] = []
        self._lock = Lock()

    def start(self) -> Device:
        """Begin a login."""
        codes = secrets.token_hex(32), secrets.token_hex(4).upper()
        device = Device(*codes, self._clock() + LIFE)
        with self._lock:
            self._devices.append(device)
        return device

    def poll(self, device_code: str) -> int:
        """The status that a poll is answered with; 200 only once per login."""
        with self._lock:
            device = next((it for it in self._devices if it.device_code == device_code), None)
            if device is None:
                return 404
            if self._too_fast(device):
                return 429
            device.polled_at = self._clock()
            return self._settle(device)

    def decide(self, user_code: str, *, allowed: bool) -> bool:
        """Allow or deny a login; False when no such login is waiting."""
        with self._lock:
            device = self._waiting(user_code)
            if device is None:
                return False
            device.login = Login.ALLOWED if allowed else Login.DENIED
            return True

    def _settle(self, device: Device) -> int:
        if device.login is Login.USED:
            return 409
        if self._clock() >= device.expires_at:
            return 410
        if device.login is Login.DENIED:
            return 418
        if device.login is Login.PENDING:
            return 400
        device.login = Login.USED
        return 200

    def _too_fast(self, device: Device) -> bool:
        if device.polled_at is None or device.login is Login.USED:
            return False
        return self._clock() - device.polled_at < timedelta(seconds=self.interval)

    def _waiting(self, user_code: str) -> Device | None:
        wanted = user_code.strip().upper().replace("-", "")
        return next(
            (
                device
                for device in self._devices
                if device.user_code == wanted and device.login is Login.PENDING and self._clock() < device.expires_at
            ),
            None,
        )
