"""Connections that say nothing, or take nothing, hold up nobody else, without a proxy too (S5)."""

from __future__ import annotations

import resource
import socket
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest

from service.storage.archive import ArchivedFile
from service.storage.engine import open_database
from tests.fakes_archive import archive_of
from tests.journeys.test_cli_serve import page
from tests.journeys.test_serve_processes import ServedFeed

FILE = b"%PDF-1.7 " + bytes(range(256)) * 80_000
SILENT = 1100


@pytest.fixture
def served(tmp_path: Path) -> Iterator[ServedFeed]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8192), hard))
    running = ServedFeed(tmp_path)
    yield running
    running.end()
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


NOT_HELD_UP_S = 15.0
"""Who waited for a reader that stalls would wait for half a minute; what a busy machine takes is no
matter here."""


def serves_others(served: ServedFeed) -> bool:
    started = time.monotonic()
    for path in ("/healthz", "/", "/feeds/all.rss"):
        with urllib.request.urlopen(
            f"http://127.0.0.1:{served.port}{path}", timeout=NOT_HELD_UP_S
        ) as answer:
            assert answer.status == 200 and answer.read()
    return time.monotonic() - started < NOT_HELD_UP_S


def seconds_until_closed(client: socket.socket, most: float) -> float:
    started = time.monotonic()
    client.settimeout(most)
    while client.recv(1 << 16):
        pass
    return time.monotonic() - started


def test_S5_a_thousand_connections_that_say_nothing_hold_up_nobody_and_end_in_ten_seconds(
    served: ServedFeed,
) -> None:
    with ExitStack() as stack:
        heads = (b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: x\r\n")
        clients = []
        for number in range(SILENT):
            clients.append(
                stack.enter_context(socket.create_connection(("127.0.0.1", served.port)))
            )
            clients[-1].sendall(heads[number % 3])
        assert serves_others(served)
        for client in clients[:3]:
            assert seconds_until_closed(client, 14) < 13
        assert serves_others(served)


def test_S5_readers_that_stall_on_a_big_file_hold_up_nobody_and_memory_stays_flat(
    served: ServedFeed,
) -> None:
    digest = sha256(FILE).hexdigest()
    database = open_database(f"sqlite:///{served.terminal.folder / 'loa.db'}", is_migrating=False)
    kept = ArchivedFile(digest, "application/pdf", FILE, datetime.now(UTC))
    assert archive_of(database).keep(kept, "huyen") is None
    database.close()
    path = f"/attachments/{digest}/x.pdf"
    with urllib.request.urlopen(f"http://127.0.0.1:{served.port}{path}", timeout=30) as answer:
        assert (answer.headers["Content-Length"], answer.read()) == (str(len(FILE)), FILE)
    web = served.children()["web"]
    before = web.memory_info().rss
    with ExitStack() as stack:
        readers = []
        for _ in range(60):
            client = stack.enter_context(socket.socket())
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.connect(("127.0.0.1", served.port))
            client.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            readers.append(client)
        for _ in range(5):
            assert serves_others(served)
        assert web.memory_info().rss - before < 150 << 20  # all of them whole would be 1.2 GB
        assert '"ready"' in page(served.port, "/readyz")


def test_S5_a_listening_socket_bounds_what_waits_to_be_taken_and_how_long() -> None:
    from service.web.server.sockets import (
        RECEIVE_BUFFER_BYTES,
        SEND_BUFFER_BYTES,
        SEND_TIMEOUT_MS,
        limit_listening,
    )

    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        assert limit_listening()
        with socket.create_connection(listening.getsockname()):
            taken, _ = listening.accept()
            with taken:
                assert (
                    taken.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == SEND_TIMEOUT_MS
                )
                # socket(7): the kernel counts its own book-keeping in, and has a most of its own
                assert (
                    taken.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF) <= 2 * SEND_BUFFER_BYTES
                )
                assert (
                    taken.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)
                    <= 2 * RECEIVE_BUFFER_BYTES
                )
                taken.setblocking(False)
                with pytest.raises(BlockingIOError):
                    for _ in range(64):
                        taken.send(bytes(SEND_BUFFER_BYTES))


LENGTH = b" HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n"
CHUNKS = b" HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
HALF = {
    "a page with half a body": b"GET /" + LENGTH + b"\r\nabc",
    "a page with a chunk without end": b"GET /posts/none" + CHUNKS + b"\r\n64\r\nabc",
    "a feed with half a body": b"GET /feeds/all.rss" + LENGTH + b"\r\na",
    "a head with half a body": b"HEAD /healthz" + LENGTH + b"\r\na",
    "half a form": b"POST /subscribe" + LENGTH + b"\r\nkind=",
    "half of what nobody takes": b"PUT /feeds/all.rss" + LENGTH + b"\r\nx",
    "a form that promises to come": b"POST /subscribe" + LENGTH + b"Expect: 100-continue\r\n\r\n",
}
HALF_ENDS_S = 24
"""A body has 20 s (`web.admission`)."""


def test_S5_requests_whose_body_never_ends_hold_up_nobody_and_end(served: ServedFeed) -> None:
    with ExitStack() as stack:
        clients = {}
        for name, request in HALF.items():
            for _ in range(60):
                clients[name] = stack.enter_context(
                    socket.create_connection(("127.0.0.1", served.port))
                )
                clients[name].sendall(request)
        assert serves_others(served)
        took = {
            name: seconds_until_closed(client, HALF_ENDS_S + 6) for name, client in clients.items()
        }
        assert {name: s for name, s in took.items() if s > HALF_ENDS_S} == {}
        assert serves_others(served)
