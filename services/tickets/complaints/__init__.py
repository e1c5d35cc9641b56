"""The settling of complaints as pure rules: its steps, its words, what is alike, where a complainant can turn."""
