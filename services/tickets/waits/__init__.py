"""How long somebody is likely to wait, told from what this organisation's own requests waited: pure decisions."""
