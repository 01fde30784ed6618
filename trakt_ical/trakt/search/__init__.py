"""The conversation about titles: what is called so, or has that number elsewhere."""
