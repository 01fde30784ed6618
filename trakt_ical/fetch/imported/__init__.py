"""Lists of shows that people import: Trakt's own export and others. They name shows, never an hour."""
