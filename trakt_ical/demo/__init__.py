"""The built-in Trakt: both APIs on a loopback port, with a cast placed around today."""

from trakt_ical.demo.answer import Seen
from trakt_ical.demo.demo import Demo
from trakt_ical.demo.faults import Body, Drop, Fault
from trakt_ical.demo.show import Cast

__all__ = ["Body", "Cast", "Demo", "Drop", "Fault", "Seen"]
