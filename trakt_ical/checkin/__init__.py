"""Check-in: what is meant, one POST for it, conflicts, links and their pages."""
