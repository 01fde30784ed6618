"""API v2, today's Trakt."""
