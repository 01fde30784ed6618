"""TVmaze: the air times of the shows that the user imported."""
