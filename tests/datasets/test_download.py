"""Getting data over HTTP from a server of our own: whole, cut, wrong, redirected, and with more in it than asked for."""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from edgebench import datasets
from edgebench.datasets.catalogue import CATALOGUE, Download, Entry, Layout
from edgebench.errors import InputError, UnavailableError, UnknownNameError, WorkError

FILES = {"one.bin": b"1" * 70_000, "two.bin": bytes(range(256)) * 2000}
Serve = Callable[..., None]


def md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def tar(**members: bytes) -> bytes:
    """Return an archive, packed so that its size is about that of its files."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz", compresslevel=0) as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


class Server:
    """Serves contents by path; ``cut`` ends each answer after so many bytes; remembers the ranges asked for."""

    def __init__(self) -> None:
        self.contents: dict[str, bytes] = {}
        self.redirects: dict[str, str] = {}
        self.cut: int | None = None
        self.heeds_ranges = True
        self.ranges: list[str | None] = []
        ours = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                ours.answer(self)

            def log_message(self, *_: Any) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.http.server_port}/"

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        name = request.path.removeprefix("/")
        if name in self.redirects:
            request.send_response(302)
            request.send_header("Location", self.redirects[name])
            request.end_headers()
            return
        content = self.contents.get(name)
        if content is None:
            request.send_error(404)
            return
        asked = request.headers["Range"]
        self.ranges.append(asked)
        first = 0
        if asked and self.heeds_ranges:
            first = int(asked.removeprefix("bytes=").rstrip("-"))
            request.send_response(206)
            request.send_header("Content-Range", f"bytes {first}-{len(content) - 1}/{len(content)}")
        else:
            request.send_response(200)
        body = content[first:]
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body[: self.cut])


@pytest.fixture
def server() -> Iterator[Server]:
    found = Server()
    thread = threading.Thread(target=found.http.serve_forever)
    thread.start()
    yield found
    found.http.shutdown()
    found.http.server_close()
    thread.join()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("EDGEBENCH_DATA", str(tmp_path / "data"))
    for variable in ("http_proxy", "HTTP_PROXY"):
        monkeypatch.delenv(variable, raising=False)
    return tmp_path / "data"


@pytest.fixture
def serve(server: Server, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Serve:
    """Have the catalogue offer what the server has: an archive of `FILES`, or of other members."""

    def offered(*, told: bytes | None = None, **members: bytes) -> None:
        inside = members or {f"photos/{name}": content for name, content in FILES.items()}
        server.contents["photos.tar.gz"] = content = tar(**inside)
        download = Download(
            url=f"{server.url}photos.tar.gz", size_bytes=len(content), md5=md5(told or content)
        )
        _offer(monkeypatch, {name: md5(found) for name, found in FILES.items()}, download)

    return offered


def _offer(monkeypatch: pytest.MonkeyPatch, files: dict[str, str], *downloads: Download) -> None:
    layout = Layout(folder="photos", files=files, downloads=downloads)
    entry = Entry(
        title="photos",
        task="classification",
        source="us",
        terms="any",
        how="get",
        layouts=(layout,),
    )
    monkeypatch.setitem(CATALOGUE, "photos", entry)


def get(told: list[str] | None = None) -> Path:
    return datasets.get("photos", (told if told is not None else []).append)


def contents(folder: Path) -> dict[str, bytes]:
    """Return all that lies below a folder."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


WHOLE = {f"photos/{name}": content for name, content in FILES.items()}


def test_an_archive_is_unpacked_and_nothing_else_left(
    serve: Serve, folder: Path, server: Server
) -> None:
    serve()
    told: list[str] = []
    seen: list[tuple[int, int]] = []
    assert datasets.get("photos", told.append, lambda *at: seen.append(at)) == folder / "photos"
    assert contents(folder) == WHOLE
    assert server.url in told[0]
    assert "terms: any" in told[0]
    assert seen[-1][0] == seen[-1][1] == len(server.contents["photos.tar.gz"])
    assert get(told) == folder / "photos"
    assert "here already" in told[-1]
    assert len(server.ranges) == 1


@pytest.mark.parametrize("heeds_ranges", [True, False])
def test_a_cut_connection_goes_on_where_it_ended(
    serve: Serve, folder: Path, server: Server, heeds_ranges: bool
) -> None:
    serve()
    server.cut = 300_000
    with pytest.raises(UnavailableError, match="gave 300,000 of") as caught:
        get()
    assert "goes on from there" in caught.value.remedy
    assert not (folder / "photos").exists()
    server.cut, server.heeds_ranges = None, heeds_ranges
    get()
    assert server.ranges == [None, "bytes=300000-"]
    assert contents(folder) == WHOLE


def test_a_killed_process_leaves_what_the_next_goes_on_from(
    serve: Serve, folder: Path, server: Server
) -> None:
    serve()
    folder.mkdir()
    (folder / ".photos.tar.gz.part").write_bytes(server.contents["photos.tar.gz"][:1000])
    (folder / ".photos.part").mkdir()
    (folder / ".photos.part" / "one.bin").write_bytes(b"half")
    get()
    assert server.ranges == ["bytes=1000-"]
    assert contents(folder) == WHOLE


def test_a_wrong_checksum_leaves_nothing(serve: Serve, folder: Path) -> None:
    serve(told=b"other")
    with pytest.raises(WorkError, match="is not what was published") as caught:
        get()
    assert md5(b"other") in caught.value.why
    assert contents(folder) == {}


@pytest.mark.parametrize("more", [b"x", b"x" * 10_000_000])
def test_more_than_was_told_is_not_taken(
    serve: Serve, folder: Path, server: Server, more: bytes
) -> None:
    serve()
    server.contents["photos.tar.gz"] += more
    with pytest.raises(WorkError, match="is not what was published"):
        get()
    assert contents(folder) == {}


@pytest.mark.parametrize("scheme", ["file:///etc/hostname", "ftp://127.0.0.1/x", "data:,x"])
def test_a_redirect_out_of_http_is_refused(
    serve: Serve, folder: Path, server: Server, scheme: str
) -> None:
    serve()
    server.redirects["photos.tar.gz"] = scheme
    with pytest.raises(UnavailableError, match="gave 0 of"):
        get()
    assert set(contents(folder).values()) <= {b""}


def test_a_redirect_within_http_is_followed(serve: Serve, folder: Path, server: Server) -> None:
    serve()
    server.contents["elsewhere"] = server.contents["photos.tar.gz"]
    server.redirects["photos.tar.gz"] = f"{server.url}elsewhere"
    get()
    assert contents(folder) == WHOLE


def test_members_that_do_not_belong_are_not_unpacked(
    serve: Serve, folder: Path, tmp_path: Path
) -> None:
    evil = {
        "../evil": b"!",
        "photos/../../evil": b"!",
        str(tmp_path / "evil"): b"!",
        "photos/x": b"!",
    }
    serve(**WHOLE, **evil)
    get()
    assert contents(folder) == WHOLE
    assert not list(tmp_path.rglob("evil*"))


@pytest.mark.parametrize("changed", [{"photos/one.bin": b"1"}, {}])
def test_an_archive_without_a_published_file_is_refused(
    serve: Serve, folder: Path, changed: dict[str, bytes]
) -> None:
    serve(**{"photos/two.bin": FILES["two.bin"], **changed})
    with pytest.raises(WorkError, match=r"photos/one\.bin as published"):
        get()
    assert contents(folder) == {}


def test_a_link_in_an_archive_is_not_followed(
    serve: Serve, folder: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        link = tarfile.TarInfo("photos/one.bin")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/hostname"
        archive.addfile(link)
    content = server.contents["photos.tar.gz"] = buffer.getvalue()
    download = Download(url=f"{server.url}photos.tar.gz", size_bytes=len(content), md5=md5(content))
    _offer(monkeypatch, {"one.bin": ""}, download)
    with pytest.raises(WorkError, match=r"photos/one\.bin"):
        get()
    assert contents(folder) == {}


def test_damaged_and_missing_files_are_replaced(serve: Serve, folder: Path) -> None:
    serve()
    (folder / "photos").mkdir(parents=True)
    (folder / "photos" / "one.bin").write_bytes(b"damaged")
    (folder / "photos" / "mine.txt").write_bytes(b"kept")
    get()
    assert contents(folder) == {**WHOLE, "photos/mine.txt": b"kept"}


def test_single_files_are_fetched_as_they_are(
    folder: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As MNIST's: those that are here, packed otherwise, are not fetched again."""
    downloads = []
    for name, content in FILES.items():
        packed = server.contents[f"{name}.gz"] = gzip.compress(content, mtime=0)
        url = f"{server.url}{name}.gz"
        downloads.append(Download(url=url, size_bytes=len(packed), md5=md5(packed)))
    _offer(monkeypatch, {name: md5(content) for name, content in FILES.items()}, *downloads)
    (folder / "photos").mkdir(parents=True)
    (folder / "photos" / "one.bin").write_bytes(FILES["one.bin"])
    get()
    there = contents(folder)
    assert sorted(there) == ["photos/one.bin", "photos/two.bin.gz"]
    assert gzip.decompress(there["photos/two.bin.gz"]) == FILES["two.bin"]
    assert len(server.ranges) == 1


def test_two_at_once_do_not_write_into_each_other(serve: Serve, folder: Path) -> None:
    import fcntl

    serve()
    folder.mkdir()
    with (folder / ".photos.tar.gz.part").open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(InputError, match="is being written by another process"):
            get()


def test_a_server_that_is_not_there_or_has_no_such_file(
    serve: Serve, server: Server, folder: Path
) -> None:
    serve()
    server.contents.clear()
    with pytest.raises(UnavailableError) as caught:
        get()
    assert caught.value.why == "Not Found"


@pytest.mark.parametrize("name", ["cwfid", "tsinghua", "nb201"])
def test_what_cannot_be_downloaded_says_how_to_get_it(name: str, folder: Path) -> None:
    with pytest.raises(InputError, match="cannot be downloaded") as caught:
        datasets.get(name, print)
    assert caught.value.remedy == CATALOGUE[name].how
    assert "terms:" in caught.value.why


def test_what_comes_along_needs_no_download(folder: Path) -> None:
    told: list[str] = []
    datasets.get("digits", told.append)
    assert told == ["digits needs no download: it comes with scikit-learn"]
    with pytest.raises(UnknownNameError):
        datasets.get("digit", told.append)
