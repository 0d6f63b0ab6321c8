"""A site on 127.0.0.1, for browsers of this machine alone."""

from __future__ import annotations

import socketserver
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

from edgebench.errors import EdgebenchError, InputError
from edgebench.serving.site import Answer, Site

HOST = "127.0.0.1"
NAMES = (HOST, "localhost")
USUAL_PORT = 8630
PATIENCE_S = 10.0
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class SiteServer(ThreadingHTTPServer):
    """Serves one site; a thread answers each request, and none outlives the process."""

    daemon_threads = True

    def __init__(self, site: Site, port: int) -> None:
        self.site = site
        super().__init__((HOST, port), SiteHandler)

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.server_port}/"

    def server_bind(self) -> None:
        # HTTPServer would ask the name service what this machine is called, which may take seconds.
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = HOST, int(self.server_address[1])

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), OSError):  # a browser that went away is none
            super().handle_error(request, client_address)


class SiteHandler(BaseHTTPRequestHandler):
    """Answers GET and HEAD of what the site has, asked from this machine's own pages."""

    server: SiteServer
    timeout = PATIENCE_S
    server_version, sys_version = "edgebench", ""

    def do_GET(self) -> None:
        self._serve()

    def do_HEAD(self) -> None:
        self._serve()

    def parse_request(self) -> bool:
        """Refuse what is no GET or HEAD before anything else is looked at."""
        if not super().parse_request():
            return False
        if self.command in ("GET", "HEAD"):
            return True
        self.send_error(HTTPStatus.METHOD_NOT_ALLOWED, "only GET and HEAD are served")
        return False

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer with one sentence; also where the library itself refuses a request that is none."""
        status = HTTPStatus(code)
        self._send(*_sentence(status, message or status.phrase))

    def log_message(self, *_: object) -> None:
        """Say nothing: the terminal is the user's."""

    def _serve(self) -> None:
        hosts, origins = (self.headers.get_all(name, []) for name in ("Host", "Origin"))
        # A tunnel may end at another port here; a page of another site has another name, or another origin.
        if len(hosts) != 1 or hosts[0].partition(":")[0] not in NAMES:
            self.send_error(HTTPStatus.FORBIDDEN, f"ask for {HOST}: no other name is served")
        elif any(origin != f"http://{hosts[0]}" for origin in origins):
            self.send_error(HTTPStatus.FORBIDDEN, "pages of other origins are not served")
        else:
            self._send(*self._found(self.path))

    def _found(self, path: str) -> tuple[HTTPStatus, Answer]:
        nothing = _sentence(HTTPStatus.NOT_FOUND, "there is no such file")
        if not path.startswith("/"):
            return nothing
        try:
            answer = self.server.site.answer(unquote(path[1:].partition("?")[0]))
        except EdgebenchError as error:
            why = f": {error.why}" if error.why else ""
            return _sentence(HTTPStatus.SERVICE_UNAVAILABLE, f"{error.message}{why}")
        except OSError as error:
            sentence = f"{error.filename or 'a file'} cannot be read: {error.strerror}"
            return _sentence(HTTPStatus.SERVICE_UNAVAILABLE, sentence)
        return nothing if answer is None else (HTTPStatus.OK, answer)

    def _send(self, status: HTTPStatus, answer: Answer) -> None:
        self.send_response(status)
        for name, value in HEADERS.items():
            self.send_header(name, value)
        if status is HTTPStatus.METHOD_NOT_ALLOWED:
            self.send_header("Allow", "GET, HEAD")
        self.send_header("Content-Security-Policy", answer.policy)
        self.send_header("Content-Type", answer.media_type)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)


@contextmanager
def serve(site: Site, port: int | None = None) -> Iterator[SiteServer]:
    """Give a server that listens; its ``serve_forever`` answers.

    Args:
        site: What is served.
        port: Where; None for the usual one, or another where that is taken.

    Raises:
        InputError: the port cannot be had.
    """
    with _bound(site, [USUAL_PORT, 0] if port is None else [port]) as server:
        yield server


def _bound(site: Site, ports: list[int]) -> SiteServer:
    for port in ports:
        try:
            return SiteServer(site, port)
        except OSError as error:
            refused = error
    raise InputError(
        f"port {ports[-1]} cannot be listened on",
        why=str(refused.strerror),
        remedy="name another with --port, or leave it out",
    )


def _sentence(status: HTTPStatus, sentence: str) -> tuple[HTTPStatus, Answer]:
    body = f"{sentence}\n".encode()
    return status, Answer(body=body, media_type="text/plain; charset=utf-8")
