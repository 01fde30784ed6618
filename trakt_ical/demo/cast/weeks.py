"""Days of a cycle, by weekday."""

MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY, SATURDAY, SUNDAY = range(7)


def weekly(weekday: int, *weeks: int) -> tuple[int, ...]:
    """One day in each of these *weeks* of a cycle, the first being 0."""
    return tuple(weekday + 7 * week for week in weeks)
