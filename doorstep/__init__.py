"""The `doorstep` tool: the whole desk on one machine, its private servers, its supervisor, sample data and demo."""
