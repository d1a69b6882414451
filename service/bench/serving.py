"""Part of `loa bench feeds`: one feed served by the thin layer on each WSGI server that is
installed, beside nginx.

wrk asks one server after the other with the same connections, round by round, so that all meet the
same noise. Without wrk or nginx a side is missing and its rows say so.
"""

from __future__ import annotations

import logging
import os
import re
import shutil
import signal
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from multiprocessing import get_context
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from service.bench.cpu import family_cpu_s
from service.bench.ledger_data import row
from service.bench.servers import nginx_path
from service.web.server.hot import HotAnswer, ThinLayer
from service.web.server.processes import free_port, serve_processes

HOST = "127.0.0.1"
CONNECTIONS = 32
THREADS = 32
"""Of the other servers: as many as may be slow at once in ours."""

OURS = "granian, as shipped"
NGINX = "nginx, a file"
MISSING = "pip install 'loa[bench]'"


@dataclass(frozen=True, slots=True)
class ServedFeed:
    """One feed: its bytes, the same compressed, and what the thin layer answers."""

    body: bytes
    zipped: bytes
    answer: HotAnswer


@dataclass(frozen=True, slots=True)
class Load:
    """What a server did under load."""

    per_s: float
    cpu_us: float
    """Of the server, for one request."""
    p99_ms: float


Loads = dict[tuple[str, str], list[Load]]
Serve = Callable[[ThinLayer, int], object]


def run(feed: ServedFeed, quick: bool) -> list[dict[str, Any]]:
    loads = _measure(feed, seconds=1 if quick else 4, rounds=5)
    rows = [
        _beside(loads, "304", NGINX, 0.3),
        _beside(loads, "200 with gzip", NGINX, 0.4),
        _tail(loads),
    ]
    return [*rows, *(_beside(loads, kind, name, 1.0) for name in OTHERS for kind in KINDS)]


def _granian(layer: ThinLayer, port: int) -> int:
    return serve_processes(lambda _own, _worker, _ending: layer, host=HOST, port=port)


def _gunicorn(layer: ThinLayer, port: int) -> None:
    base = import_module("gunicorn.app.base").BaseApplication
    options = {"bind": f"{HOST}:{port}", "threads": THREADS, "worker_class": "gthread",
    "keepalive": 60,
               "worker_connections": 1024, "accesslog": None, "loglevel": "error"}  # fmt: skip

    class App(base):  # type: ignore[misc, valid-type] # known only where it is installed
        def load_config(self) -> None:
            for name, value in options.items():
                self.cfg.set(name, value)

        def load(self) -> ThinLayer:
            return layer

    App().run()


def _cheroot(layer: ThinLayer, port: int) -> None:
    server = import_module("cheroot.wsgi").Server(
        (HOST, port), layer, numthreads=THREADS, request_queue_size=1024
    )
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    server.start()


def _waitress(layer: ThinLayer, port: int) -> None:
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    import_module("waitress").serve(layer, host=HOST, port=port, threads=THREADS, _quiet=True)


OTHERS: dict[str, tuple[str, Serve]] = {
    "gunicorn, gthread": ("gunicorn", _gunicorn),
    "cheroot": ("cheroot", _cheroot),
    "waitress": ("waitress", _waitress),
}
KINDS: tuple[str, ...] = ("304", "200 with gzip")


def _measure(feed: ServedFeed, seconds: int, rounds: int) -> Loads:
    loads: Loads = {}
    wrk = shutil.which("wrk")
    if wrk is None:
        return loads
    with ExitStack() as stack:
        running = {OURS: stack.enter_context(_running(_granian, feed.answer))}
        for name, (module, act) in OTHERS.items():
            if find_spec(module) is not None:
                running[name] = stack.enter_context(_running(act, feed.answer))
        if nginx_path() is not None:
            running[NGINX] = stack.enter_context(_nginx(feed))
        for _ in range(rounds):
            for name, (port, pid) in running.items():
                conditions = {"304": [f"If-None-Match: {_etag(port)}"], "200 with gzip": []}
                for kind, headers in conditions.items():
                    loads.setdefault((name, kind), []).append(
                        _wrk(wrk, port, pid, seconds, headers)
                    )
    return loads


def _beside(loads: Loads, kind: str, other: str, least: float) -> dict[str, Any]:
    mine, theirs = _median(loads.get((OURS, kind))), _median(loads.get((other, kind)))
    ratio = mine["per_s"] / theirs["per_s"] if mine and theirs else None
    budget = f">= {least:g} of {other}" if other == NGINX else "the shipped server is no slower"
    return _row(
        f"feed, {kind}, {other}",
        mine,
        theirs,
        other,
        ratio,
        budget,
        ratio is not None and ratio >= least,
    )


def _tail(loads: Loads) -> dict[str, Any]:
    kind = "200 with gzip"
    mine, theirs = _median(loads.get((OURS, kind))), _median(loads.get((NGINX, kind)))
    ratio = mine["p99_ms"] / theirs["p99_ms"] if mine and theirs else None
    return _row(
        f"feed, {kind}, p99",
        mine,
        theirs,
        NGINX,
        ratio,
        "<= 2.5",
        ratio is not None and ratio <= 2.5,
    )


def _row(
    what: str, mine: object, theirs: Any, other: str, ratio: float | None, budget: str, met: bool
) -> dict[str, Any]:
    shown = {
        "what": other,
        **(theirs or {"missing": MISSING if other in OTHERS else "nginx or wrk"}),
    }
    return row(what, mine or {"missing": "wrk"}, shown, ratio and round(ratio, 3), budget, met)  # type: ignore[arg-type] # figures by name


def _median(loads: list[Load] | None) -> dict[str, float] | None:
    if not loads:
        return None
    return {
        "per_s": round(statistics.median(load.per_s for load in loads)),
        "cpu_us": round(statistics.median(load.cpu_us for load in loads), 1),
        "p99_ms": round(statistics.median(load.p99_ms for load in loads), 2),
    }


def _etag(port: int) -> str:
    request = Request(
        f"http://{HOST}:{port}/feeds/all.rss", headers={"Accept-Encoding": "gzip"}
    )  # likewise
    with urlopen(request, timeout=5) as response:  # noqa: S310  # our own loopback server
        return str(response.headers["ETag"])


def _wrk(wrk: str, port: int, pid: int, seconds: int, headers: list[str]) -> Load:
    lines = [part for header in (*headers, "Accept-Encoding: gzip") for part in ("-H", header)]
    options = ["-t1", "--latency", f"-c{CONNECTIONS}", f"-d{seconds}s", *lines]
    before = family_cpu_s(pid)
    command = [wrk, *options, f"http://{HOST}:{port}/feeds/all.rss"]
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout  # noqa: S603  # fixed words
    used_s = family_cpu_s(pid) - before
    found = re.search(
        r"99%\s+([\d.]+)(us|ms|s)\b.*?(\d+) requests in.*?Requests/sec:\s*([\d.]+)", shown, re.S
    )
    if found is None:
        raise RuntimeError(f"cannot read the answer of wrk: {shown!r}")
    p99_ms = float(found[1]) * {"us": 0.001, "ms": 1.0, "s": 1000.0}[found[2]]
    return Load(float(found[4]), used_s / int(found[3]) * 1e6, p99_ms)


class _OneFeed:
    def __init__(self, answer: HotAnswer) -> None:
        self._answer = answer

    def answer(self, path: str) -> HotAnswer | None:
        return self._answer if path == "/feeds/all.rss" else None


def _nothing(_environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
    start_response("404 Not Found", [("Content-Length", "0")])
    return [b""]


@contextmanager
def _running(act: Serve, answer: HotAnswer) -> Iterator[tuple[int, int]]:
    """Port and process of a server with the thin layer."""
    port = free_port(HOST)

    def serve_it() -> None:
        os.setpgid(0, 0)
        raise SystemExit(act(ThinLayer(_nothing, _OneFeed(answer)), port))

    process = get_context("fork").Process(target=serve_it)
    process.start()
    try:
        _wait_for(port)
        yield port, process.pid or 0
    finally:
        process.terminate()
        process.join(15)


@contextmanager
def _nginx(feed: ServedFeed) -> Iterator[tuple[int, int]]:
    program, port = nginx_path(), free_port(HOST)
    assert program is not None
    with tempfile.TemporaryDirectory(prefix="loa-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "feeds").mkdir()
        (folder / "feeds/all.rss").write_bytes(feed.body)
        (folder / "feeds/all.rss.gz").write_bytes(feed.zipped)
        conf = folder / "nginx.conf"
        conf.write_text(
            f"daemon off; master_process off; pid {name}/pid; error_log {name}/error.log;\n"
            "events { worker_connections 1024; }\n"
            f"http {{ access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000; "
            f"types {{ application/rss+xml rss; }} client_body_temp_path {name}/b; "
            f"proxy_temp_path {name}/p; "
            f"fastcgi_temp_path {name}/f; uwsgi_temp_path {name}/u; scgi_temp_path {name}/s;\n"
            f"server {{ listen {HOST}:{port}; root {name}; gzip_static on; open_file_cache "
            f"max=10; }} }}\n"
        )
        process = subprocess.Popen([program, "-c", str(conf), "-e", f"{name}/error.log"])  # noqa: S603  # fixed words
        try:
            _wait_for(port)
            yield port, process.pid
        finally:
            process.terminate()
            process.wait(10)


def _wait_for(port: int) -> None:
    for _ in range(100):
        try:
            _etag(port)
            return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError(f"cannot reach the server on port {port}")
