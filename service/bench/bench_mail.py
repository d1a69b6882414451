"""`loa bench mail`: one post to many over 8 connections, beside Postfix's `smtp-source -s 8`, same
sink, same size.

The sink is Postfix's `smtp-sink` in a process of its own. Ours is measured from composing the mail
to the relay's answer, without the ledger, as smtp-source has none.
"""

from __future__ import annotations

import resource
import shutil
import socket
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from service.alerts.links import Links
from service.alerts.mail import Sender
from service.bench.bench_urgent_mail import urgent_mail
from service.bench.ledger_data import row, sqlite_url
from service.bench.postgresql_server import MISSING, is_postgresql_there, postgresql
from service.delivery.email import EmailChannel, Round
from service.delivery.mailroom import Mailroom, Ready
from service.settings import Settings
from service.storage.mails import LoadedChange, OutgoingMail, OwedDelivery
from service.storage.queue import ClaimedMessage
from service.types import State
from service.values import Locale

MAILS = 4000
QUICK_MAILS = 800
ROUNDS = 5
QUICK_ROUNDS = 3
NEEDED = ("smtp-source", "smtp-sink")
RATE = 0.4
CPU_MS = 0.3
URGENT, QUICK_URGENT = (3_321, 20_000), (300, 2_000)
"""Addresses that are told at once, and mails that were due before."""

_PAYLOAD = {
    "type": "post.published",
    "data": {
        "id": "p1", "revision": 1, "url": "https://portal.example/chi-thi",
        "title": "Về việc phòng, chống bão số 5",
        "summary": "Ủy ban nhân dân huyện yêu cầu các xã, thị trấn trực 24/24. " * 4,
        "portal": {"id": "qx", "name": "UBND huyện Quảng Xương"}, "categories": ["directives"],
        "places": [],
        "urgency": "normal", "document": {"number": "06/CT-UBND", "issued_on": "2023-06-05",
        "issuer": None},
        "deadlines": [], "attachments": [], "published_at": "2024-01-28T02:16:00Z",
        "archive_url": "https://loa.example/posts/p1",
    },
}  # fmt: skip


def run(quick: bool = False) -> list[dict[str, Any]]:
    """The rate beside Postfix's, and an urgent change beside many due mails on each database."""
    people, bulk = QUICK_URGENT if quick else URGENT
    rows = _rate(quick)
    with tempfile.TemporaryDirectory(prefix="loa-bench-") as name:
        folder = Path(name)
        busy, alone = (sqlite_url(folder, one) for one in ("urgent", "urgent-alone"))
        rows.append(urgent_mail("SQLite", busy, alone, 1, people, bulk))
        if not is_postgresql_there():
            return [*rows, row("PostgreSQL", {}, None, None, MISSING, False)]
        with postgresql(folder) as server:
            busy, alone = server.fresh("urgent"), server.fresh("urgent-alone")
            rows.append(urgent_mail("PostgreSQL", busy, alone, 1, people, bulk))
    return rows


def _rate(quick: bool) -> list[dict[str, Any]]:
    """Rates and CPU of both sides, interleaved. The baseline is None where Postfix's tools are
    missing."""
    mails, rounds = (QUICK_MAILS, QUICK_ROUNDS) if quick else (MAILS, ROUNDS)
    tools = {name: shutil.which(name, path="/usr/sbin:/usr/bin:/usr/local/sbin") for name in NEEDED}
    source, sink = (tools[name] for name in NEEDED)
    budget = f">= {RATE} x its rate, <= {CPU_MS} ms CPU a mail"
    if source is None or sink is None:
        return [_row({}, None, None, budget, is_met=False)]
    ours: list[tuple[float, float]] = []
    theirs: list[float] = []
    with _sink(sink) as port:
        mailroom_size = len(_composed(_mailroom(), 0).mail)
        for _ in range(rounds):
            theirs.append(_baseline(source, port, mails, mailroom_size))
            ours.append(_ours(port, mails))
    rate = statistics.median(rate for rate, _ in ours)
    cpu = statistics.median(cpu for _, cpu in ours)
    baseline = statistics.median(theirs)
    ratio = rate / baseline
    figures = {"mails_per_s": round(rate), "cpu_ms_per_mail": round(cpu, 3), "bytes": mailroom_size}
    is_met = ratio >= RATE and cpu <= CPU_MS
    return [
        _row(
            figures,
            {"name": "smtp-source -s 8", "mails_per_s": round(baseline)},
            round(ratio, 3),
            budget,
            is_met,
        )
    ]


def _row(
    ours: object, baseline: object, ratio: float | None, budget: str, is_met: bool
) -> dict[str, Any]:
    what = "mails to a local sink, 8 connections, one post to many"
    return {
        "what": what,
        "ours": ours,
        "baseline": baseline,
        "ratio": ratio,
        "budget": budget,
        "met": is_met,
    }


@contextmanager
def _sink(path: str) -> Iterator[int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    account = ["-u", "nobody"] if Path("/").owner() == "root" and _is_root() else []
    process = subprocess.Popen(  # noqa: S603 — the tool named above
        [path, *account, f"127.0.0.1:{port}", "200"], stderr=subprocess.DEVNULL
    )
    try:
        _wait(port)
        yield port
    finally:
        process.terminate()
        process.wait()


def _is_root() -> bool:
    import os

    return os.geteuid() == 0


def _wait(port: int) -> None:
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError("smtp-sink does not answer")


def _baseline(path: str, port: int, mails: int, size: int) -> float:
    command = [path, "-s", "8", "-m", str(mails), "-l", str(size), "-d", f"127.0.0.1:{port}"]
    began = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)  # noqa: S603 — the tool named above
    return mails / (time.perf_counter() - began)


def _mailroom() -> Mailroom:
    sender = Sender.build("Loa <loa@mail.example>", "Bản tin", "https://loa.example")
    locale = Locale("vi", ZoneInfo("Asia/Ho_Chi_Minh"))
    mailroom = Mailroom(
        sender,
        Links("key", "https://loa.example"),
        "key",
        receipt_categories=("directives",),
        labels={},
        locale=locale,
    )
    mailroom.remember("c1", LoadedChange(orjson.dumps(_PAYLOAD).decode(), "[]"))
    return mailroom


def _composed(mailroom: Mailroom, n: int) -> Ready:
    owed = OwedDelivery(
        "c1", "post.published", "p1", 1, f"sub-{n}", "Lan", "active", "chỉ đạo", "u1", "UBND xã A"
    )
    message_id = f"01900000-0000-7000-8000-{n:012d}"
    made = mailroom.compose(
        OutgoingMail(
            message_id,
            "mail:c1:x",
            datetime.now(UTC),
            None,
            f"r{n}@xa.example",
            f"r{n}@xa.example",
            "vi",
            [owed],
        )
    )
    assert isinstance(made, Ready)
    return made


def _ours(port: int, mails: int) -> tuple[float, float]:
    """(mails a second, ms of CPU a mail)"""
    settings = Settings.model_validate(
        {"email": {"smtp_url": f"smtp://127.0.0.1:{port}", "rate_per_s": 1e9}}
    )
    channel = EmailChannel(
        settings, Links("key", "https://loa.example"), "key", lambda: datetime.now(UTC), {}
    )
    mailroom = _mailroom()
    sent = 0

    def record(results: Any) -> None:
        nonlocal sent
        sent += sum(result.state is State.SENT for result in results)

    used, began = _cpu_s(), time.perf_counter()
    made = [_composed(mailroom, n) for n in range(mails)]
    channel.send_ready(
        Round.build([(ClaimedMessage(one.message_id, "smtp", 1, 1), one) for one in made], record)
    )
    took_s, cpu_s = time.perf_counter() - began, _cpu_s() - used
    channel.close()
    if sent != mails:
        raise RuntimeError(f"{sent} of {mails} mails were sent")
    return mails / took_s, cpu_s / mails * 1000


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
