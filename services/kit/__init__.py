"""Plumbing that knows no ticket and no survey."""
