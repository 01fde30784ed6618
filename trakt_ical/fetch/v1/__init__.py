"""API v1, as its two pages on user/calendar/shows and show/checkin describe it."""
