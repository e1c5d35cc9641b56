"""One whole desk for all stories: real servers, eight processes, the sample organisation, everything over HTTP."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from story_people import QUICKLY, Desk, Person, free_port

from doorstep import private_rabbitmq
from doorstep.sample import PASSWORD
from doorstep.stack import Stack


@pytest.fixture(scope="session")
def own_servers() -> Iterator[None]:
    """Let the desk start servers of its own: those of the other tests drop and build its databases as they go."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("DATABASE_URL", raising=False)
        if private_rabbitmq.find_server():
            patch.delenv("AMQP_URL", raising=False)
        yield


@pytest.fixture(scope="session")
def desk(own_servers: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """Return a running desk."""
    said: list[str] = []
    stack = Stack(tmp_path_factory.mktemp("desk"), free_port(), broker="rabbitmq", extra_env=QUICKLY, echo=said.append)
    stack.start()
    yield Desk(stack, said)
    stack.stop()


@pytest.fixture
def person(desk: Desk) -> Callable[[str], Person]:
    """Return a function that signs somebody of the sample in."""
    return lambda login: desk.person(login, PASSWORD)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Return an empty home."""
    return tmp_path / "home"
