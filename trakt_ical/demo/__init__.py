"""The built-in Trakt: both APIs on a loopback port, with a cast placed around today."""

from trakt_ical.demo.builtin import Demo
from trakt_ical.demo.cast import load_cast
from trakt_ical.demo.faults import Body, Drop, Fault
from trakt_ical.demo.messages import Request

__all__ = ["Body", "Demo", "Drop", "Fault", "Request", "load_cast"]
