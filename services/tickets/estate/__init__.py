"""The register of places as rules: their codes, and what an import of them would change. Pure."""
