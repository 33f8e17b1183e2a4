"""The v1 door: one list of routes, and a thin handler for each."""
