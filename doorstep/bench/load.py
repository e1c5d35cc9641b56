"""Clients that do almost nothing but send and wait: raw keep-alive connections with requests made beforehand."""

import json
import socket
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Answer:
    """One answer: status, seconds it took, and the body."""

    status: int
    seconds: float
    body: bytes


@dataclass(frozen=True)
class Measured:
    """What some clients saw: answers, and the seconds from the first request to the last answer."""

    answers: tuple[Answer, ...]
    seconds: float

    @property
    def rate(self) -> float:
        """Answers per second."""
        return len(self.answers) / self.seconds

    def percentile(self, share: float) -> float:
        """Milliseconds within which `share` of the answers came."""
        ordered = sorted(answer.seconds for answer in self.answers)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1000

    @property
    def statuses(self) -> Mapping[int, int]:
        """How many answers of each status."""
        return Counter(answer.status for answer in self.answers)


def post(path: str, token: str, body: Any) -> bytes:
    """Return the bytes of a POST request."""
    content = json.dumps(body, ensure_ascii=False).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content


def run(port: int, work: Sequence[Sequence[bytes]], *, every: float = 0.0) -> Measured:
    """Let one client per entry of `work` send its requests one after another, on the loopback address.

    With `every`, each client begins a request at most that often (seconds), which holds the load at a rate.
    """
    gate = threading.Barrier(len(work) + 1)
    seen: list[list[Answer]] = [[] for _ in work]
    failures: list[BaseException] = []

    def client(requests: Sequence[bytes], answers: list[Answer]) -> None:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                gate.wait()
                _talk(connection, requests, answers, every)
        except BaseException as failure:
            gate.abort()
            failures.append(failure)

    threads = [threading.Thread(target=client, args=pair) for pair in zip(work, seen, strict=True)]
    for thread in threads:
        thread.start()
    gate.wait()
    begun = time.perf_counter()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return Measured(tuple(answer for answers in seen for answer in answers), time.perf_counter() - begun)


def _talk(connection: socket.socket, requests: Sequence[bytes], answers: list[Answer], every: float) -> None:
    pause = threading.Event()
    reader = connection.makefile("rb")
    for request in requests:
        begun = time.perf_counter()
        connection.sendall(request)
        status = int(reader.readline().split()[1])
        length = 0
        while (line := reader.readline()) not in (b"\r\n", b""):
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        body = reader.read(length)
        taken = time.perf_counter() - begun
        answers.append(Answer(status, taken, body))
        if every > taken:
            pause.wait(every - taken)
