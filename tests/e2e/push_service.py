"""A push service of our own in the place of the vendor's, which no test machine reaches.

Chromium takes it by switches of its own. So a browser subscribes, keeps its keys, and decrypts what comes as it does
with the vendor's: it checks in (HTTP), registers for a token (HTTP), and holds a line open (TLS) on which messages
come. What is posted to an endpoint of ours goes down that line as it is.
"""

import datetime
import os
import socket
import ssl
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

# The line's own numbers: its version, and the kinds of what goes over it.
VERSION, PING, PONG, LOGIN, LOGGED_IN, MESSAGE = 41, 0, 1, 2, 3, 8
ENDPOINT = "/wpush/"


@dataclass
class PushService:
    """Where it is, which switches lead a Chromium to it, and what was posted: (path, headers, body)."""

    url: str = ""
    switches: list[str] = field(default_factory=list)
    taken: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    _registered: dict[str, dict[str, str]] = field(default_factory=dict)
    _line: ssl.SSLSocket | None = None
    _waiting: list[bytes] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def register(self, asked: dict[str, str]) -> str:
        """Return the token of a new subscription."""
        token = os.urandom(12).hex()
        self._registered[token] = asked
        return token

    def take(self, path: str, headers: dict[str, str], body: bytes) -> int:
        """Send what was posted to an endpoint on to the browser; returns the status of the answer."""
        asked = self._registered.get(path.rsplit("/", 1)[-1])
        if asked is None:
            return 404
        self.taken.append((path, headers, body))
        message = (
            _text(2, os.urandom(4).hex())
            + _text(3, asked["sender"])
            + _text(5, asked["app"])
            + _text(7, _text(1, "subtype") + _text(2, asked["X-subtype"]))
            + _text(7, _text(1, "content-encoding") + _text(2, headers["content-encoding"]))
            + _text(9, os.urandom(4).hex())
            + _number(17, int(headers["ttl"]))
            + _number(18, int(time.time() * 1000))
            + _text(21, body)
        )
        with self._lock:
            if self._line is None:
                self._waiting.append(_framed(MESSAGE, message))
            else:
                self._line.sendall(_framed(MESSAGE, message))
        return 201

    def answer(self, line: ssl.SSLSocket) -> None:
        """Talk with a browser until it hangs up."""
        try:
            _exactly(line, 1)
            while True:
                kind = _exactly(line, 1)[0]
                _exactly(line, _read_number(line))
                with self._lock:
                    if kind == LOGIN:
                        here = _text(1, "here") + _number(8, int(time.time() * 1000))
                        line.sendall(bytes([VERSION]) + _framed(LOGGED_IN, here) + b"".join(self._waiting))
                        self._line, self._waiting = line, []
                    elif kind == PING:
                        line.sendall(_framed(PONG, b""))
        except (EOFError, OSError):
            return
        finally:
            line.close()


@contextmanager
def push_service(folder: Path) -> Iterator[PushService]:
    """Run a push service until the block ends; `folder` keeps the certificate of its line."""
    service = PushService()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.path.startswith(ENDPOINT):
                headers = {name.lower(): value for name, value in self.headers.items()}
                self._say(service.take(self.path, headers, body), b"")
            elif self.path == "/checkin":
                self._say(200, _number(1, 1) + _fixed(7, 0x1122334455667788) + _fixed(8, 0x2233445566778899))
            else:
                self._say(200, f"token={service.register(dict(parse_qsl(body.decode())))}".encode())

        def _say(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    lines = socket.create_server(("127.0.0.1", 0))
    service.url = f"http://127.0.0.1:{http.server_port}"
    service.switches = [
        f"--gcm-checkin-url={service.url}/checkin",
        f"--gcm-registration-url={service.url}/register",
        f"--gcm-mcs-endpoint=https://localhost:{lines.getsockname()[1]}",
        # Only of the line: everything else that the browser opens is plain http on this machine.
        "--ignore-certificate-errors",
    ]
    threading.Thread(target=http.serve_forever, args=(0.02,), daemon=True).start()
    threading.Thread(target=_take_lines, args=(lines, _with_certificate(folder), service), daemon=True).start()
    yield service
    lines.close()
    http.shutdown()
    http.server_close()


def _take_lines(lines: socket.socket, tls: ssl.SSLContext, service: PushService) -> None:
    while True:
        try:
            raw, _address = lines.accept()
        except OSError:
            return  # The service ends.
        threading.Thread(target=_talk, args=(raw, tls, service), daemon=True).start()


def _talk(raw: socket.socket, tls: ssl.SSLContext, service: PushService) -> None:
    try:
        line = tls.wrap_socket(raw, server_side=True)
    except OSError:
        raw.close()  # The browser tried whether anybody is there.
        return
    service.answer(line)


def _with_certificate(folder: Path) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    kept = folder / "line.pem"
    kept.write_bytes(certificate.public_bytes(Encoding.PEM) + private)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(kept)
    return tls


# What goes over the line is in protocol buffers: fields by number, each as a number or as bytes with their length.


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes([*out, number])


def _number(at: int, value: int) -> bytes:
    return _varint(at << 3) + _varint(value)


def _fixed(at: int, value: int) -> bytes:
    return _varint(at << 3 | 1) + struct.pack("<Q", value)


def _text(at: int, value: str | bytes) -> bytes:
    content = value.encode() if isinstance(value, str) else value
    return _varint(at << 3 | 2) + _varint(len(content)) + content


def _framed(kind: int, message: bytes) -> bytes:
    return bytes([kind]) + _varint(len(message)) + message


def _read_number(line: ssl.SSLSocket) -> int:
    number = shift = 0
    while True:
        (one,) = _exactly(line, 1)
        number |= (one & 127) << shift
        shift += 7
        if one < 128:
            return number


def _exactly(line: ssl.SSLSocket, size: int) -> bytes:
    out = b""
    while len(out) < size:
        more = line.recv(size - len(out))
        if not more:
            raise EOFError
        out += more
    return out
