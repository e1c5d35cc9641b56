"""Benchmarks of the whole desk, each told as a ratio to what the database alone does on the same machine."""
