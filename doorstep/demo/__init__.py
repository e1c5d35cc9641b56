"""The demo: a throw-away desk, real requests, everybody at work at once, and the proof that nothing was lost."""
