"""A mail server that takes every letter and notes when: what `make bench-notify` measures against."""

import socketserver
import threading
import time
from typing import Any

_WORDS = {b"EHLO": b"250 sink", b"HELO": b"250 sink", b"MAIL": b"250 ok", b"RCPT": b"250 ok", b"RSET": b"250 ok"}


class _Conversation(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        self.wfile.write(b"220 sink\r\n")
        while line := self.rfile.readline():
            verb = line[:4].upper()
            if verb == b"QUIT":
                self.wfile.write(b"221 bye\r\n")
                return
            if verb == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                self._letter()
                self.wfile.write(b"250 taken\r\n")
            else:
                self.wfile.write(_WORDS.get(verb, b"500 what") + b"\r\n")

    def _letter(self) -> None:
        name = ""
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            if line.lower().startswith(b"message-id:"):
                name = line.split(b":", 1)[1].strip().decode()
        self.server.taken.append((name, time.monotonic()))  # type: ignore[attr-defined]


class Sink(socketserver.ThreadingTCPServer):
    """Listens on a loopback port of its own; `taken` are the message ids with the moment of each."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self) -> None:
        self.taken: list[tuple[str, float]] = []
        super().__init__(("127.0.0.1", 0), _Conversation)

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.server_address[1])


def serve(ready: Any, asked: Any) -> None:
    """Run in a process of its own, as a mail server does: tell the port, then answer each question with what came."""
    sink = Sink()
    threading.Thread(target=sink.serve_forever, args=(0.05,), daemon=True).start()
    ready.send(sink.port)
    while asked.recv():
        ready.send(sink.taken)
