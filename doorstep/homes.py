"""Where a desk's data lives."""

import os
from pathlib import Path


def home_of_environment() -> Path:
    """The folder of DOORSTEP_HOME, by default `var` in the current one."""
    return Path(os.environ.get("DOORSTEP_HOME") or "var")
