"""Owns return visits, their invitations and their answers."""
