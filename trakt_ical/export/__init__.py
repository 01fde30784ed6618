"""Events go out into the world: as the octets of a calendar, into a file."""
