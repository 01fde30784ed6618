"""What airs becomes the events of a calendar: which, when, and in what words."""
