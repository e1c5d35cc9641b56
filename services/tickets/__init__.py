"""Owns the catalogue, work orders, their lifecycle and history, claims and service-level clocks."""
