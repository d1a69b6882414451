"""10,000 clients that wait at `/api/v1/stream`: what they cost in memory, and how soon each is told.

    ulimit -n 20000; python tests/benchmarks/waiting.py --clients 10000 --owed 166

Starts a real `loa serve` on loopback with one pull subscription for each client, lets all of them
wait, publishes, and measures until each answer has come. Memory is the web process's proportional
share (PSS), idle and with all waiting.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import psutil

sys.path.insert(0, str(Path(__file__).parents[2]))

from service.alerts.signing import new_secret
from service.bootstrap import open_loa
from service.channels import PULL
from service.storage.pull_streams import new_token, token_hash
from service.storage.subscriptions import NewSubscription, add_subscription
from service.types import Filters
from tests.fakes_pull import publish

OWED = Filters(keywords=("bão",))
NOT_OWED = Filters(keywords=("không có gì",))


def prepare(folder: Path, clients: int, owed: int) -> tuple[Path, list[str]]:
    config = folder / "loa.toml"
    (folder / "portals").mkdir()
    config.write_text(
        'portals_dir = "portals"\n[database]\nurl = "sqlite:///loa.db"\n[server]\nport = 0\n',
        "utf-8",
    )
    loa = open_loa(config, {})
    loa.prepare()
    now, tokens = datetime.now(UTC), []
    sealed = loa.secret_box.encrypt(new_secret())
    for start in range(0, clients, 500):
        with loa.database.writing() as conn:
            for n in range(start, min(start + 500, clients)):
                tokens.append(new_token())
                add_subscription(
                    conn,
                    NewSubscription(
                        PULL, "", now, filters=OWED if n < owed else NOT_OWED, language="vi",
                        is_confirmed=True, secret=sealed, token_hash=token_hash(tokens[-1]),
                    ),
                )  # fmt: skip
    loa.close()
    return config, tokens


def start(config: Path) -> tuple[subprocess.Popen[str], int]:
    command = [sys.executable, "-m", "service", "serve", "--config", str(config)]
    serving = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert serving.stderr is not None
    for line in serving.stderr:
        if "serving http://" in line:
            return serving, int(line.rsplit(":", 1)[1])
    raise SystemExit("it does not serve")


def web_child(serving: subprocess.Popen[str]) -> psutil.Process:
    """The one that listens."""
    for child in psutil.Process(serving.pid).children(recursive=True):
        if any(one.status == psutil.CONN_LISTEN for one in child.net_connections("tcp")):
            return child
    raise SystemExit("nobody listens")


def memory_mb(process: psutil.Process) -> float:
    return process.memory_full_info().pss / 1e6


async def wait_once(port: int, token: str, wait_s: int) -> tuple[float, int]:
    """When the answer came, and how many messages it held."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 16)
    try:
        writer.write(
            f"GET /api/v1/stream?wait_s={wait_s} HTTP/1.1\r\nHost: x\r\n"
            f"Authorization: Bearer {token}\r\n\r\n".encode()
        )
        head = await reader.readuntil(b"\r\n\r\n")
        at = time.time()
        size = next(
            int(line.split(b":")[1])
            for line in head.lower().split(b"\r\n")
            if line.startswith(b"content-length")
        )
        body = await reader.readexactly(size)
        return at, len(json.loads(body)["messages"]) if head.startswith(b"HTTP/1.1 200") else -1
    finally:
        writer.close()


async def measure(config: Path, port: int, tokens: list[str], owed: int, wait_s: int,
                  process: psutil.Process) -> dict[str, object]:  # fmt: skip
    for token in tokens[-200:]:  # so that what any first requests cost is no matter of waiting
        await wait_once(port, token, 0)
    idle = memory_mb(process)
    begun = time.time()
    tasks = []
    for n, token in enumerate(tokens):
        tasks.append(asyncio.create_task(wait_once(port, token, wait_s)))
        if n % 100 == 99:
            await asyncio.sleep(0.25)
    connected_s = time.time() - begun
    await asyncio.sleep(5)
    early = sum(task.done() for task in tasks)
    waiting = memory_mb(process)
    loa = open_loa(config, {})
    publishing_at = time.time()
    publish(loa, "post-1")
    published_at = time.time()
    found = await asyncio.wait_for(asyncio.gather(*tasks[:owed]), 60)
    late = sorted(at - published_at for at, n in found if n == 1)
    loa.close()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return {
        "clients": len(tokens), "owed": owed, "told": len(late), "answered too early": early,
        "seconds to connect all": round(connected_s, 1),
        "idle MB": round(idle, 1), "waiting MB": round(waiting, 1),
        "more MB": round(waiting - idle, 1), "publication s": round(published_at - publishing_at, 3),
        "p50 s": round(late[len(late) // 2], 3), "p99 s": round(late[int(len(late) * 0.99)], 3),
        "most s": round(late[-1], 3),
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--clients", type=int, default=2000)
    parser.add_argument("--owed", type=int, default=166)
    given = parser.parse_args()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with tempfile.TemporaryDirectory() as name:
        config, tokens = prepare(Path(name), given.clients, given.owed)
        serving, port = start(config)
        try:
            for _ in range(100):
                try:
                    process = web_child(serving)
                    break
                except SystemExit:
                    time.sleep(0.2)
            time.sleep(2)
            found = asyncio.run(measure(config, port, tokens, given.owed, 55, process))
            ending_at = time.time()
        finally:
            os.kill(serving.pid, signal.SIGTERM)
            serving.wait(15)
        found["seconds to end"] = round(time.time() - ending_at, 1)
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
