"""The cases that people reported, and siblings of each kind, tried through the command line."""
