"""An HTTP(S) server on 127.0.0.1 that can be told to misbehave: the ground for the EWS and Graph servers."""

import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.mail.servers.certificates import Certificates


@dataclass(frozen=True)
class Answer:
    """What is sent back; `cut`: only half of the body, and the connection ends."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    headers: Any
    body: bytes


@dataclass
class Faults:
    """What goes wrong next: each entry is used once, for the first request that holds its word."""

    planned: list[tuple[str, Answer]] = field(default_factory=list)

    def plan(self, word: str, answer: Answer, times: int = 1) -> None:
        self.planned += [(word, answer)] * times

    def next_for(self, request: Request) -> Answer | None:
        text = f"{request.method} {request.path} ".encode() + request.body
        for entry in self.planned:
            if entry[0].encode() in text:
                self.planned.remove(entry)
                return entry[1]
        return None


@contextmanager
def web_server(answer: Callable[[Request], Answer], certificates: Certificates | None = None) -> Iterator[str]:
    """The address of a server that hands each request to `answer`; with `certificates` it speaks TLS."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # A head and a body in two packets would wait for one another.
        wbufsize = -1

        def _do(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            request = Request(self.command, self.path, self.headers, self.rfile.read(length))
            made = answer(request)
            self.send_response(made.status)
            for name, value in made.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(made.body)))
            self.end_headers()
            self.wfile.write(made.body[: len(made.body) // 2] if made.cut else made.body)
            self.wfile.flush()
            if made.cut:
                self.close_connection = True

        do_GET = do_POST = do_PATCH = _do  # noqa: N815 - the library's names

        def log_message(self, *_args: object) -> None:
            return

    server = _Quiet(("127.0.0.1", 0), Handler)
    scheme = "http"
    if certificates is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificates.certificate, certificates.key)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        scheme = "https"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"{scheme}://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Quiet(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, *_args: object) -> None:
        """A client that was killed, or that does not trust our certificate, is no news."""
