"""What strangers send to a running `loa serve`: searches, bodies that end early, fields that are
too long."""

from __future__ import annotations

import json
import socket
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from datetime import UTC, datetime, timedelta

import pytest

from service.storage.engine import open_database
from service.storage.post_writes import Draft, insert_post
from service.types import PortalName, Understanding
from service.web.server.queues import SEARCHES
from tests.journeys.test_cli_serve import page
from tests.journeys.test_serve_processes import ServedFeed
from tests.patience import eventually

POSTS = 300
WORDS = ["chỉ", "đạo", "phòng", "chống", "thiên", "tai", "bão", "lũ", "kế", "hoạch", "hội", "nghị"]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedFeed]:
    running = ServedFeed(tmp_path_factory.mktemp("strangers"), "trusted_proxies = 1")
    yield running
    running.end()


@pytest.fixture(scope="module")
def token(served: ServedFeed) -> str:
    return str(
        served.terminal.json("token", "create", "--name", "huyện", "--role", "operator")["token"]
    )


@pytest.fixture(scope="module", autouse=True)
def posts(served: ServedFeed) -> None:
    """Enough for a search to take some milliseconds."""
    database = open_database(f"sqlite:///{served.terminal.database}", is_migrating=False)
    at = datetime.now(UTC) - timedelta(days=1)
    words = " ".join(WORDS * 40)
    with database.writing() as conn:
        for n in range(POSTS):
            known = Understanding(("news",), summary="tóm tắt")
            draft = Draft(
                PortalName("p", "Cổng"), f"k{n}", f"https://portal.example/{n}", f"Tin {n}",
                f"<p>{words}</p>", words,
                known, (), f"print-{n}", at, at, article_at=at,
            )  # fmt: skip
            insert_post(conn, draft)
    database.close()


def read_all(client: socket.socket) -> bytes:
    """What comes until the connection is closed, however it is."""
    answer = b""
    with suppress(ConnectionError):
        while part := client.recv(1 << 16):
            answer += part
    return answer


def ask(served: ServedFeed, request: bytes, *more: bytes, ends: bool = False) -> tuple[int, bytes]:
    """Status and whole answer; 0 where the connection was closed without a word."""
    with socket.create_connection(("127.0.0.1", served.port)) as client:
        client.settimeout(30)
        with suppress(OSError):  # refused before all was sent
            client.sendall(request)
            for part in more:
                client.sendall(part)
            if ends:
                client.shutdown(socket.SHUT_WR)
        answer = read_all(client)
    return int(answer.split(b" ", 2)[1]) if answer else 0, answer


# --- S10 ---

SEARCH_FORMS = (
    "/feeds/all.atom?q={}",
    "/?q={}",
    "/feeds/all.json?q={}&category=news",
    "/?category=news&q={}",
)


def search(served: ServedFeed, number: int) -> socket.socket:
    client = socket.create_connection(("127.0.0.1", served.port))
    client.settimeout(30)
    word = WORDS[number % len(WORDS)].encode().hex() + str(number)
    path = SEARCH_FORMS[number % len(SEARCH_FORMS)].format(word)
    client.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    return client


@pytest.mark.parametrize("stays", [True, False], ids=["who waits", "who hangs up at once"])
def test_S10_two_hundred_searches_at_once_hold_up_no_other_page(
    served: ServedFeed, stays: bool
) -> None:
    with ExitStack() as stack:
        clients = [search(served, number) for number in range(200)]
        for client in clients:
            if stays:
                stack.enter_context(client)
            else:
                client.close()
        for path in ("/healthz", "/", "/admin/sign-in", "/feeds/all.rss", "/feeds/"):
            assert page(served.port, path), path
        if stays:
            answers = [read_all(client) for client in clients]
            refused = [answer for answer in answers if answer.startswith(b"HTTP/1.1 503")]
            assert all(b"retry-after: 5" in answer.lower() for answer in refused)
            assert (
                len([answer for answer in answers if answer.startswith(b"HTTP/1.1 200")])
                >= SEARCHES.threads
            )
            assert len(refused) < 200
    eventually(lambda: bool(page(served.port, "/?q=thien+tai+sau")))


# --- S11 ---


def units(served: ServedFeed, token: str) -> set[str]:
    asked = urllib.request.Request(f"http://127.0.0.1:{served.port}/api/v1/units?limit=200")
    asked.add_header("Authorization", f"Bearer {token}")
    with urllib.request.urlopen(asked, timeout=30) as answer:
        return {unit["name"] for unit in json.load(answer)["items"]}


def adding(token: str, framing: bytes) -> bytes:
    head = (
        f"POST /api/v1/units HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer "
        f"{token}\r\n"
    )
    return head.encode() + b"Content-Type: application/json\r\n" + framing + b"\r\n\r\n"


BODY = b'{"name": "%s"}'

CUT = {
    "shorter than it says": (b"Content-Length: 500", (BODY,)),
    "one byte short": (b"Content-Length: 25", (BODY,)),
    "no last chunk": (b"Transfer-Encoding: chunked", (b"18\r\n", BODY, b"\r\n")),
    "a chunk cut in two": (b"Transfer-Encoding: chunked", (b"18\r\n", BODY[:9])),
    "a chunk size that is none": (b"Transfer-Encoding: chunked", (b"18\r\n", BODY, b"\r\nZZ\r\n")),
    "a negative chunk size": (b"Transfer-Encoding: chunked", (b"-18\r\n", BODY, b"\r\n0\r\n\r\n")),
    "a chunk size beyond all numbers": (
        b"Transfer-Encoding: chunked",
        (b"F" * 18 + b"\r\n", BODY, b"\r\n0\r\n\r\n"),
    ),
    "half a last chunk": (b"Transfer-Encoding: chunked", (b"18\r\n", BODY, b"\r\n0\r\n")),
    "two lengths": (b"Content-Length: 24\r\nContent-Length: 25", (BODY,)),
    "a length that is none": (b"Content-Length: +24", (BODY,)),
    "said to be in chunks twice": (
        b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
        (b"18\r\n", BODY, b"\r\n0\r\n\r\n"),
    ),
    "in chunks of nothing but spaces": (
        b"Transfer-Encoding: chunked",
        (b"1\r\n \r\n" * 5000, b"18\r\n", BODY, b"\r\n0\r\n\r\n"),
    ),
}


@pytest.mark.parametrize("name", CUT)
def test_S11_a_body_that_ends_early_is_refused_and_nothing_is_done(
    served: ServedFeed, token: str, name: str
) -> None:
    framing, parts = CUT[name]
    wanted = f"cut{list(CUT).index(name):09d}".encode()
    filled = [part.replace(b"%s", wanted) for part in parts]
    status, _ = ask(served, adding(token, framing), *filled, ends=True)
    assert status in (400, 0)
    assert wanted.decode() not in units(served, token)


WHOLE = {
    "with its length": (b"Content-Length: 26", (b'{"name": "whole with len"}',)),
    "in chunks": (
        b"Transfer-Encoding: chunked",
        (b"8\r\n", b'{"name":', b"\r\nb\r\n", b' "chunked"}', b"\r\n0\r\n\r\n"),
    ),
    "in chunks, with a length after, which counts for nothing": (
        b"Transfer-Encoding: chunked\r\nContent-Length: 9",
        (b"12\r\n", b'{"name": "chunks"}', b"\r\n0\r\n\r\n"),
    ),
    "in chunks, with a length before, which counts for nothing": (
        b"Content-Length: 9\r\nTransfer-Encoding: chunked",
        (b"12\r\n", b'{"name": "before"}', b"\r\n0\r\n\r\n"),
    ),
    "in chunks with a trailer": (
        b"Transfer-Encoding: chunked",
        (b"14\r\n", b'{"name": "trailers"}', b"\r\n0\r\nX-A: b\r\n\r\n"),
    ),
}


@pytest.mark.parametrize("name", WHOLE)
def test_S11_a_body_that_is_whole_is_acted_on(served: ServedFeed, token: str, name: str) -> None:
    framing, parts = WHOLE[name]
    status, answer = ask(served, adding(token, framing), *parts)
    assert status == 201
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["name"] in units(served, token)


@pytest.mark.parametrize("is_first", [True, False])
def test_S11_nothing_that_follows_a_body_of_two_ends_is_taken_for_a_request(
    served: ServedFeed, token: str, is_first: bool
) -> None:
    """Who stands before us may have gone by the length, and sent more of another client's."""
    name = f"of two ends {is_first}"
    body = json.dumps({"name": name}).encode()
    fields = [b"Content-Length: 3", b"Transfer-Encoding: chunked"]
    asked = adding(token, b"\r\n".join(fields if is_first else fields[::-1]))
    lasting = asked.replace(b"Connection: close\r\n", b"")
    chunks = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
    smuggled = b"DELETE /api/v1/units/x HTTP/1.1\r\nHost: x\r\n\r\n"
    status, answer = ask(served, lasting, chunks + smuggled)
    assert status == 201 and name in units(served, token)
    assert answer.count(b"HTTP/1.1 ") == 1, "the connection has ended"


def test_S11_a_body_without_end_is_refused_when_it_is_too_long(
    served: ServedFeed, token: str
) -> None:
    part = b"40000\r\n" + b" " * 0x40000 + b"\r\n"
    assert ask(served, adding(token, b"Transfer-Encoding: chunked"), *[part] * 5)[0] in (413, 0)


def test_S11_who_only_looks_sends_no_chunks_and_what_follows_them_is_no_request(
    served: ServedFeed,
) -> None:
    hidden = b"GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n"
    for method in (b"GET", b"HEAD"):
        for path in (b"/healthz", b"/hub", b"/unit/x.y", b"/api/v1/stream?wait_s=9"):
            head = method + b" " + path + b" HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
            status, answer = ask(served, head + b"\r\n0\r\n\r\n" + hidden)
            assert (status, answer.count(b"HTTP/1.1")) == (400, 1), (method, path)


def test_S11_a_body_that_stalls_is_answered_and_holds_up_nobody(
    served: ServedFeed, token: str
) -> None:
    with ExitStack() as stack:
        for _ in range(40):
            client = stack.enter_context(socket.create_connection(("127.0.0.1", served.port)))
            client.sendall(adding(token, b"Content-Length: 100") + b"abc")
        assert page(served.port, "/healthz")
        last = stack.enter_context(socket.create_connection(("127.0.0.1", served.port)))
        last.settimeout(40)
        last.sendall(
            adding(token, b"Content-Length: 100").replace(
                b"Host: x", b"Host: x\r\nX-Forwarded-For: 192.0.2.7"
            )
        )
        assert read_all(last).startswith(b"HTTP/1.1 408")


# --- fields and addresses that are too long (S1) ---

LONG = {
    "a field": (431, b"GET / HTTP/1.1\r\nHost: x\r\nX-A: " + b"a" * 8192 + b"\r\n\r\n"),
    "a field of spaces": (
        431,
        b'GET /feeds/all.rss HTTP/1.1\r\nHost: x\r\nIf-None-Match: "a",'
        + b" " * 16384
        + b"b\r\n\r\n",
    ),
    "a field's name": (431, b"GET / HTTP/1.1\r\nHost: x\r\n" + b"a" * 8193 + b": b\r\n\r\n"),
    "one field in parts": (
        431,
        b"GET / HTTP/1.1\r\nHost: x\r\n" + (b"Cookie: " + b"a" * 3000 + b"\r\n") * 3 + b"\r\n",
    ),
    "far too long": (431, b"GET / HTTP/1.1\r\nHost: x\r\nX-A: " + b"a" * 100_000 + b"\r\n\r\n"),
    "too many": (431, b"GET / HTTP/1.1\r\nHost: x\r\n" + b"A: b\r\n" * 200 + b"\r\n"),
    "beside a body": (
        431,
        b"POST /subscribe HTTP/1.1\r\nX-A: " + b"a" * 9000 + b"\r\nContent-Length: 3\r\n\r\na=b",
    ),
    "a path": (414, b"GET /" + b"a" * 8192 + b" HTTP/1.1\r\nHost: x\r\n\r\n"),
    "a query": (414, b"GET /?q=" + b"a" * 8192 + b" HTTP/1.1\r\nHost: x\r\n\r\n"),
    "a query far too long": (414, b"GET /?q=" + b"a" * 70_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n"),
}


@pytest.mark.parametrize("name", LONG)
def test_S1_what_is_too_long_in_a_request_is_refused(served: ServedFeed, name: str) -> None:
    status, request = LONG[name]
    assert ask(served, request)[0] == status


def test_S1_what_is_long_and_not_too_long_is_answered(served: ServedFeed) -> None:
    head = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-A: " + b"a" * 8000 + b"\r\n\r\n"
    assert ask(served, head)[0] == 200


# --- S12 ---


def sign_in(served: ServedFeed, *fields: tuple[str, str]) -> int:
    body = b"token=loa_wrong&csrf=x"
    head = "".join(f"{name}: {value}\r\n" for name, value in fields)
    request = (
        f"POST /admin/sign-in HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{head}"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return ask(served, request.encode() + body)[0]


@pytest.mark.parametrize(
    "name", ["X_Forwarded_For", "x_forwarded-for", "X-Forwarded_For", "X_FORWARDED_FOR"]
)
@pytest.mark.parametrize("is_first", [True, False])
def test_S12_only_the_proxys_own_field_says_who_asks(
    served: ServedFeed, name: str, is_first: bool
) -> None:
    host = (
        10
        * ["X_Forwarded_For", "x_forwarded-for", "X-Forwarded_For", "X_FORWARDED_FOR"].index(name)
        + is_first
    )
    own = ("X-Forwarded-For", f"198.51.100.{host}")
    answers = []
    for number in range(30):
        forged = (name, f"203.0.113.{number}")
        answers.append(sign_in(served, *((forged, own) if is_first else (own, forged))))
    assert answers[-1] == 429
    assert sign_in(served, ("X-Forwarded-For", f"198.51.100.{host + 200}")) != 429


def test_S12_a_length_with_an_underscore_is_no_length(served: ServedFeed) -> None:
    assert (
        ask(
            served,
            b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent_Length: 5\r\n\r\n",
        )[0]
        == 200
    )
