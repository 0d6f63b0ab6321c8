"""Real requests: who is answered, with what headers, and who is refused."""

from __future__ import annotations

import errno
import socket
from collections.abc import Callable
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path

import pytest

from edgebench.errors import InputError
from edgebench.serving import Site, serve
from edgebench.serving.server import SiteServer

Ask = Callable[..., tuple[HTTPResponse, bytes]]


@pytest.fixture
def ask(server: SiteServer) -> Ask:
    def run(path: str, method: str = "GET", **headers: str) -> tuple[HTTPResponse, bytes]:
        connection = HTTPConnection("127.0.0.1", server.server_port, timeout=60)
        try:
            connection.putrequest(method, path, skip_host=True)
            for name, value in ({"Host": f"127.0.0.1:{server.server_port}"} | headers).items():
                connection.putheader(name, value)
            connection.endheaders()
            answer = connection.getresponse()
            return answer, answer.read()
        finally:
            connection.close()

    return run


def test_the_page_comes_with_headers_that_keep_it_to_itself(ask: Ask) -> None:
    answer, page = ask("/")
    assert answer.status == 200
    assert b"</html>" in page
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none';")
    assert "connect-src 'self'" in policy
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_head_is_get_without_the_body(ask: Ask) -> None:
    full, _ = ask("/trials.csv")
    head, body = ask("/trials.csv", "HEAD")
    assert (head.status, body) == (200, b"")
    assert head.headers["Content-Length"] == full.headers["Content-Length"] != "0"


@pytest.mark.parametrize(
    "method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "NONSENSE"]
)
def test_nothing_but_get_and_head(ask: Ask, method: str) -> None:
    answer, _ = ask("/", method)
    assert answer.status == 405
    assert answer.headers["Allow"] == "GET, HEAD"


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:{port}", "127.0.0.1.evil.example", "[::1]:{port}", ""]
)
def test_other_names_are_refused(ask: Ask, server: SiteServer, host: str) -> None:
    assert ask("/", Host=host.format(port=server.server_port))[0].status == 403


@pytest.mark.parametrize("host", ["localhost:{port}", "127.0.0.1:9000", "localhost"])
def test_a_tunnel_may_begin_at_another_port(ask: Ask, server: SiteServer, host: str) -> None:
    host = host.format(port=server.server_port)
    assert ask("/version", Host=host)[0].status == 200
    assert ask("/version", Host=host, Origin=f"http://{host}")[0].status == 200


def test_pages_of_other_origins_are_refused(ask: Ask, server: SiteServer) -> None:
    own = f"http://127.0.0.1:{server.server_port}"
    assert ask("/version", Origin=own)[0].status == 200
    others = "http://127.0.0.1:1", f"https://127.0.0.1:{server.server_port}"
    for origin in ("http://evil.example", "null", *others):
        assert ask("/version", Origin=origin)[0].status == 403


@pytest.mark.parametrize(
    "path",
    [
        "/nothing", "/models", "/models/", "/../edgebench.sqlite", "/%2e%2e/store/edgebench.sqlite",
        "/models/..%2f..%2fstore%2fedgebench.sqlite", "/%00", "//etc/passwd", "http://127.0.0.1/",
        "/edgebench.sqlite", "/.",
    ],
)  # fmt: skip
def test_there_is_nothing_outside_and_no_listing(ask: Ask, path: str) -> None:
    answer, body = ask(path)
    assert (answer.status, body) == (404, b"there is no such file\n")


def test_a_store_that_is_gone_is_said(ask: Ask, store) -> None:
    (store / "edgebench.sqlite").write_bytes(b"no database")
    answer, body = ask("/")
    assert answer.status == 503
    assert b"cannot be used as a store" in body


def test_a_file_that_cannot_be_read_is_said(
    ask: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(path: Path) -> bytes:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    (tmp_path / "reports" / "run-1").mkdir(parents=True)
    (tmp_path / "reports" / "run-1" / "mine.bin").touch()
    monkeypatch.setattr(Path, "read_bytes", refused)
    answer, body = ask("/mine.bin")
    assert answer.status == 503
    assert body.endswith(b"run-1/mine.bin cannot be read: Permission denied\n")


@pytest.mark.parametrize("sent", [b"garbage\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n"])
def test_what_is_no_request_gets_a_sentence_of_text(server: SiteServer, sent: bytes) -> None:
    with socket.create_connection(("127.0.0.1", server.server_port), timeout=60) as client:
        client.sendall(sent)
        answer = client.makefile("rb").read()
    assert b"<" not in answer
    assert answer.endswith(b"\n")


def test_only_this_machine_can_reach_it(server: SiteServer) -> None:
    assert server.socket.getsockname()[0] == "127.0.0.1"


def test_a_taken_port_is_said_and_the_usual_one_gives_way(site: Site) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with (
            pytest.raises(InputError, match="cannot be listened on"),
            serve(site, taken.getsockname()[1]),
        ):
            pass
    with serve(site) as first, serve(site) as second:
        assert first.server_port != second.server_port
