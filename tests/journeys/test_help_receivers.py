"""The receivers of /help/webhooks work as they are copied: the handshake, a test, posts out of order
and twice, and forgeries; what cannot be run here is parsed."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import pytest
import tree_sitter_c_sharp
import tree_sitter_go
import tree_sitter_java
from standardwebhooks import Webhook
from tree_sitter import Language, Parser

from service.bootstrap import open_loa
from service.types import ChangeType
from service.web.pages.help_text import FOLDER, RECEIVERS
from tests.fakes_ledger import a_post, tell
from tests.journeys.cli import Terminal
from tests.patience import eventually, free_port

FILES = FOLDER / "receivers"
IS_CI = "CI" in os.environ


def needs(is_there: object, what: str) -> pytest.MarkDecorator:
    """Skipped where the machine lacks it, but never where every test must run."""
    return pytest.mark.skipif(not IS_CI and not is_there, reason=f"needs {what}")


@dataclass(frozen=True, slots=True)
class Kind:
    """How a receiver is started: its words from the file and the port, what it needs besides."""

    file: str
    words: Callable[[str, int], list[str]]
    environ: dict[str, str]


KINDS = [
    pytest.param(Kind("loa_receiver.py", lambda file, _: [sys.executable, file], {}), id="python"),
    pytest.param(
        Kind(
            "receiver.mjs",
            lambda file, _: ["node", file],
            {"NODE_PATH": os.environ.get("LOA_NODE_MODULES", "")},
        ),
        id="node",
        marks=needs(
            shutil.which("node") and os.environ.get("LOA_NODE_MODULES"),
            "node, and LOA_NODE_MODULES naming a folder with standardwebhooks",
        ),
    ),
    pytest.param(
        Kind("receiver.php", lambda file, port: ["php", "-S", f"127.0.0.1:{port}", file], {}),
        id="php",
        marks=needs(shutil.which("php"), "php"),
    ),
]
if shutil.which("javac"):  # too heavy to ask of every machine: elsewhere it is parsed alone
    java = Kind("Receiver.java", lambda file, _: ["java", file], {})
    KINDS.append(pytest.param(java, id="java"))


@contextmanager
def receiving(kind: Kind, secret: str, port: int, folder: Path) -> Iterator[Path]:
    """The receiver at work; hands out the file of what it says."""
    said = folder / "said.txt"
    environ = {
        **os.environ,
        **kind.environ,
        "LOA_SECRET": secret,
        "PORT": str(port),
        "LOA_STATE": str(folder / "state.json"),
        "PYTHONUTF8": "1",
    }
    with said.open("wb") as stream:
        process = subprocess.Popen(
            kind.words(str(FILES / kind.file), port),
            stdout=stream,
            stderr=stream,
            env=environ,
        )
    try:
        eventually(lambda: _is_listening(port))
        yield said
    finally:
        process.terminate()
        process.wait(20)


def _is_listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def post(port: int, body: bytes, headers: dict[str, str]) -> int:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/loa", body, {**headers, "content-type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=20) as response:
            return int(response.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code


def signed(secret: str, message_id: str, body: bytes, at: datetime) -> dict[str, str]:
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign(message_id, at, body.decode()),
    }


@pytest.mark.parametrize("kind", KINDS)
def test_a_copied_receiver_takes_what_is_genuine_once_and_in_order(
    tmp_path: Path, kind: Kind
) -> None:
    terminal = Terminal(tmp_path)
    terminal.configure("[webhooks]\nallow_private_networks = true\n")
    port = free_port()
    added = terminal.json("subscription", "add", "webhook", f"http://127.0.0.1:{port}/loa")
    with receiving(kind, added["secret"], port, tmp_path) as said:
        assert terminal.json("deliver")["sent"] == 1
        assert terminal.json("subscription", "show", added["id"])["status"] == "active"
        terminal.json("subscription", "test", added["id"])
        loa = open_loa(terminal.config, {})
        second = a_post("post-1", revision=2, title="Chỉ thị đã sửa")
        with loa.database.writing() as conn:
            tell(conn, a_post("post-1", title='Chỉ thị "mới"'), at=datetime.now(UTC))
        assert terminal.json("deliver")["sent"] == 2
        with loa.database.writing() as conn:
            tell(conn, second, ChangeType.UPDATED, at=datetime.now(UTC))
        loa.close()
        assert terminal.json("deliver")["sent"] == 1
        _try_by_hand(added["secret"], port)
        eventually(lambda: "post.withdrawn" in said.read_text("utf-8"))
        lines = [line for line in said.read_text("utf-8").splitlines() if "post." in line]
    assert [" ".join(line[line.index("post.") :].split()[:3]) for line in lines] == [
        "post.published post-1 1",
        "post.updated post-1 2",
        "post.withdrawn post-1 2",
    ]
    assert "mới" in lines[0]


def _try_by_hand(secret: str, port: int) -> None:
    """A late older state, a forgery, an old timestamp, the withdrawal twice."""
    now = datetime.now(UTC)

    def body(kind: str, revision: int) -> bytes:
        data = {"id": "post-1", "revision": revision, "title": "x"}
        return orjson.dumps({"type": kind, "timestamp": "2026-11-29T00:00:00Z", "data": data})

    late, gone = body("post.published", 1), body("post.withdrawn", 2)
    assert post(port, late, signed(secret, "msg-late", late, now)) == 204
    forged = signed(secret, "msg-forged", gone, now)
    assert post(port, late, forged) == 401
    assert post(port, gone, {**forged, "webhook-id": "msg-other"}) == 401
    assert post(port, gone, {}) == 401
    assert post(port, gone, signed(secret, "msg-old", gone, now - timedelta(hours=1))) == 401
    for _ in range(2):
        assert post(port, gone, signed(secret, "msg-gone", gone, now)) == 204
    again = body("post.updated", 2)
    assert post(port, again, signed(secret, "msg-again", again, now)) == 204


@pytest.mark.parametrize(
    ("file", "grammar"),
    [
        ("receiver.go", tree_sitter_go),
        ("Receiver.java", tree_sitter_java),
        ("Receiver.cs", tree_sitter_c_sharp),
    ],
    ids=["go", "java", "csharp"],
)
def test_a_receiver_that_cannot_be_run_everywhere_is_at_least_a_program(
    file: str, grammar: object
) -> None:
    source = (FILES / file).read_bytes()
    parser = Parser(Language(grammar.language()))  # type: ignore[attr-defined] # each grammar has it
    assert not parser.parse(source).root_node.has_error
    assert parser.parse(source.rstrip().removesuffix(b"}")).root_node.has_error
    for asked in (b"webhook-id", b"subscription.confirm", b"challenge", b"post.withdrawn"):
        assert asked in source, asked


def test_each_receiver_is_a_file() -> None:
    assert {path.name for path in FILES.iterdir() if path.is_file()} == set(RECEIVERS.values())
