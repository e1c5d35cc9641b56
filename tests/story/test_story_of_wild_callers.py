"""Callers who send whatever the document allows and much that it does not: nothing breaks, the document is true."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from story_people import Desk, Person

CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"


@pytest.mark.timeout(900)
@pytest.mark.parametrize("login", ["resident1", "dispatcher1"])
def test_no_wild_request_meets_an_error_of_ours_or_an_answer_outside_the_document(
    desk: Desk, person: Callable[[str], Person], tmp_path: Path, login: str
) -> None:
    command = [
        str(Path(sys.executable).with_name("schemathesis")), "run", f"{desk.stack.url}/api/v1/openapi.json",
        "--header", f"Authorization: Bearer {person(login).token}", "--checks", CHECKS,
        "--exclude-path", "/api/v1/stream",
        "--phases", "coverage,fuzzing", "--max-examples", "5", "--seed", "7", "--no-color",
        # How quickly requests are thought up and answered here says something of the machine alone.
        "--warnings", "off", "--suppress-health-check", "too_slow", "--request-timeout", "60",
    ]  # fmt: skip
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-10_000:]
    assert "passed" in done.stdout
