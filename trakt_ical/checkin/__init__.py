"""Check-in: finding the title or episode, one POST for it, conflicts, links and their pages."""
