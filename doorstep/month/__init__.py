"""A month of a desk's life, lived in minutes: the product's own applications and loops, at moments that have passed."""
