"""The feed: calendars that programs subscribe to, always there, whatever Trakt does."""
