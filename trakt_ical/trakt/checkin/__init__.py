"""The conversation about what is being watched: begin a check-in, see it, end it."""
