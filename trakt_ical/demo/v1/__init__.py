"""API v1, as it was from 2011 to 2014."""
