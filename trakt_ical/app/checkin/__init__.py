"""Check-in: what is meant, and one POST for it."""
