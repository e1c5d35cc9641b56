"""Secrets made once for the tests of deploy/."""

from pathlib import Path

import pytest
from deployed import make_secrets


@pytest.fixture(scope="session")
def secrets(tmp_path_factory) -> Path:
    """Return a folder of freshly made secrets."""
    folder: Path = tmp_path_factory.mktemp("secrets")
    make_secrets(folder)
    return folder
