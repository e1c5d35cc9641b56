"""The private RabbitMQ node, by breaking it: killed brokers, killed parents, a second start, the user guest."""

import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pika
import pika.exceptions
import pytest
from pika.adapters.blocking_connection import BlockingChannel

from doorstep import processes
from doorstep.embedded_postgres import unprivileged_user
from doorstep.private_rabbitmq import DEAD_LETTER_EXCHANGE, PrivateRabbitMQ
from doorstep.processes import CannotStart

HERE = Path(__file__).parents[2]
START_AND_WAIT = """
import sys
from pathlib import Path
from doorstep.private_rabbitmq import PrivateRabbitMQ
node = PrivateRabbitMQ(Path(sys.argv[1]))
node.start()
print(node.pid, flush=True)
sys.stdin.readline()
node.stop()
"""
QUEUE = "doorstep.example"
DEAD_QUEUE = "doorstep.example.dead"


@pytest.fixture
def node(tmp_path: Path) -> Iterator[PrivateRabbitMQ]:
    node = PrivateRabbitMQ(tmp_path / "var")
    yield node
    node.stop()


def channel_to(url: str) -> BlockingChannel:
    channel = pika.BlockingConnection(pika.URLParameters(url)).channel()
    channel.confirm_delivery()
    return channel


def declare_queues(channel: BlockingChannel) -> None:
    quorum = {"x-queue-type": "quorum"}
    channel.exchange_declare(DEAD_LETTER_EXCHANGE, "fanout", durable=True)
    channel.queue_declare(DEAD_QUEUE, durable=True, arguments=quorum)
    channel.queue_bind(DEAD_QUEUE, DEAD_LETTER_EXCHANGE)
    channel.queue_declare(QUEUE, durable=True, arguments=quorum)


def publish(channel: BlockingChannel, body: bytes) -> None:
    """Publish and wait for the broker's confirmation."""
    channel.basic_publish("", QUEUE, body, pika.BasicProperties(delivery_mode=2), mandatory=True)


def wait_for_message(channel: BlockingChannel, queue: str) -> tuple[int, bytes]:
    """The delivery tag and body of the next message, which may still be on its way from another queue."""
    found: list[tuple[int, bytes]] = []

    def look() -> bool:
        frame, _, body = channel.basic_get(queue)
        if frame is not None and frame.delivery_tag is not None:
            found.append((frame.delivery_tag, body or b""))
        return bool(found)

    assert processes.wait_until(look, 20, every=0.1), f"no message in {queue}"
    return found[0]


def wait_until_the_queues_are_registered(node: PrivateRabbitMQ) -> None:
    """RabbitMQ 3.10 confirms a new queue up to half a second before its name is on disk; killed in between, it
    forgets whose log that is, and the queue answers nobody again. A desk that has run for a second is past that.
    """

    def written() -> bool:
        names = b"".join(file.read_bytes() for file in node.folder.glob("mnesia/*/quorum/*/names.dets"))
        return re.search(re.escape(QUEUE).encode() + rb"(?!\.)", names) is not None

    assert processes.wait_until(written, 60)


def in_another_process(home: Path, *before: str) -> tuple[subprocess.Popen[str], int]:
    """A process that runs a node in `home` until its input ends, and the node's pid."""
    child = subprocess.Popen(
        [*before, sys.executable, "-c", START_AND_WAIT, str(home)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=HERE, env={**os.environ, "PYTHONPATH": str(HERE)},
    )  # fmt: skip
    assert child.stdout
    said = child.stdout.readline()
    assert said.strip().isdigit(), f"the node did not start: {said!r}, exit code {child.poll()}"
    return child, int(said)


def processes_of(home: Path) -> list[str]:
    """The command lines of everything that runs for this home: the node itself, its children, an epmd of its own."""
    port = (home / "rabbitmq" / "distribution-port").read_text().strip()
    lines = [" ".join(processes.command_line(int(p.name))) for p in Path("/proc").iterdir() if p.name.isdigit()]
    return [line for line in lines if str(home) in line or ("epmd" in line and port in line)]


def test_confirmed_messages_survive_a_broker_killed_with_9_and_its_address_stays(node: PrivateRabbitMQ) -> None:
    url = node.start()
    channel = channel_to(url)
    declare_queues(channel)
    wait_until_the_queues_are_registered(node)
    publish(channel, b"a pipe burst")
    channel.connection.close()
    assert node.pid
    os.kill(node.pid, signal.SIGKILL)
    assert processes.wait_until(lambda: not node.alive, 60)
    assert node.start() == url
    channel = channel_to(url)
    _, body = wait_for_message(channel, QUEUE)
    assert body == b"a pipe burst"
    channel.connection.close()


def test_a_refused_message_goes_to_the_dead_letters_by_policy_and_stays_there(node: PrivateRabbitMQ) -> None:
    channel = channel_to(node.start())
    declare_queues(channel)
    publish(channel, b"a pipe burst")
    tag, _ = wait_for_message(channel, QUEUE)
    channel.basic_reject(tag, requeue=False)
    tag, body = wait_for_message(channel, DEAD_QUEUE)
    assert body == b"a pipe burst"
    # Refused there as well it must not come back to life in a circle.
    channel.basic_reject(tag, requeue=True)
    assert wait_for_message(channel, DEAD_QUEUE)[1] == b"a pipe burst"
    channel.connection.close()


def test_only_our_own_user_comes_in_and_only_from_this_machine(node: PrivateRabbitMQ) -> None:
    url = node.start()
    guest = re.sub("//[^@]+@", "//guest:guest@", url)
    with pytest.raises(pika.exceptions.ProbableAuthenticationError):
        pika.BlockingConnection(pika.URLParameters(guest))
    ports = {f"{int((node.folder / name).read_text()):04X}" for name in ("port", "distribution-port")}
    rows = [line.split() for name in ("tcp", "tcp6") for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]]
    listening = {row[1] for row in rows if row[3] == "0A"}
    assert {place for place in listening if place[-4:] in ports} == {f"0100007F:{port}" for port in ports}


def test_killing_the_parent_with_9_leaves_no_broker_and_no_epmd(tmp_path: Path, node: PrivateRabbitMQ) -> None:
    home = tmp_path / "var"
    parent, beam = in_another_process(home)
    assert processes_of(home)
    parent.kill()
    parent.communicate()
    assert processes.wait_until(lambda: not processes.is_running(beam), 60)
    assert processes.wait_until(lambda: not processes_of(home), 60)
    node.start()


def test_a_second_start_on_the_same_home_is_refused_with_a_sentence(tmp_path: Path, node: PrivateRabbitMQ) -> None:
    node.start()
    with pytest.raises(CannotStart, match="already running"):
        PrivateRabbitMQ(tmp_path / "var").start()
    assert node.ready()


def test_a_node_that_outlived_its_run_is_stopped_and_replaced(tmp_path: Path, node: PrivateRabbitMQ) -> None:
    orphan = PrivateRabbitMQ(tmp_path / "var")
    orphan.start()
    # The crash of the earlier run: its lock is gone, its node is not.
    orphan._release()
    node.start()
    assert not orphan.alive
    assert node.pid != orphan.pid


def test_a_normal_user_can_run_it() -> None:
    with tempfile.TemporaryDirectory() as home:
        before: list[str] = []
        if os.geteuid() == 0:
            user = unprivileged_user()
            os.chown(home, user.pw_uid, user.pw_gid)
            # The test's own checkout may lie where that user cannot enter; reading is all that this adds.
            read = "dac_read_search"
            before = ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups", "--securebits",
                      "+no_setuid_fixup", f"--inh-caps=+{read}", f"--ambient-caps=+{read}", "--"]  # fmt: skip
        child, beam = in_another_process(Path(home) / "var", *before)
        assert Path(f"/proc/{beam}").stat().st_uid != 0
        child.communicate()
        assert child.returncode == 0
        assert not processes.is_running(beam)
