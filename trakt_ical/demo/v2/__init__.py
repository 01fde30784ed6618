"""API v2, as it is today."""
