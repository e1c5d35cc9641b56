"""A ticket as a signed, hash-chained bundle that anybody can check: no database here, and no environment."""
