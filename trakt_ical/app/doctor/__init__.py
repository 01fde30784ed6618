"""What `doctor` looks at, one module for each part of the world; every finding comes with its remedy."""
