"""Where calendars live."""
