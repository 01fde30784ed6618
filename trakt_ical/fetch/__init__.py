"""Calendar answers become what airs: a reader for each API, and the zones that wall clocks belong to."""
