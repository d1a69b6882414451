"""S1, S2 and S5 at once on one `loa serve` without a proxy, and S4 and S6 with them: who still
hears, and how soon.

    python tests/benchmarks/all_at_once.py [--seconds 60] [--with s4] [--with s6] [--json]

Some portals publish a post every few seconds; others serve what slows readers down (S1), what makes
them fall over (S2), with `s4` articles with 30 links to files of 19 MB, with `s6` links to other
ports and foreign hosts. Meanwhile strangers open connections that say nothing, ask for half a
request, stall on a big file, and send expensive header fields. Printed are: how late each alert
arrived (from the instant at which the portal had the post, polling interval included), how long
`/healthz` took, and the memory of each process beside its own when idle; readers apart. Exit code 1
where a figure is not what is promised: alerts within 10 s, `/healthz` within 0.2 s, memory within
1.5 times idle. Strangers are a process of their own, so that they slow what measures no more than
what is measured.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass, field
from datetime import datetime
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from zoneinfo import ZoneInfo

import psutil

INTERVAL_S = 3
WITHIN_S, HEALTH_S, MEMORY = 10.0, 0.2, 1.5
HEALTHY = 4
SILENT, STALLED = 1100, 60
EVERY_S = 2.0
BIG = b"%PDF-1.4\n" + bytes(range(256)) * 72_000
"""18 MB, which is archived and then served: what readers stall on."""
BIG_PATH = f"/attachments/{sha256(BIG).hexdigest()}/big.pdf"

Pages = Callable[[str], tuple[str, bytes] | None]
"""Path → media type and body; None: 404."""


@dataclass
class Site:
    """A portal on an address of its own."""

    id: str
    pages: Pages
    address: str
    server: ThreadingHTTPServer = field(init=False)

    def start(self) -> None:
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                found = site.pages(self.path)
                self.send_response(404 if found is None else 200)
                media, body = found or ("text/plain", b"")
                self.send_header("Content-Type", media)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                with suppress(OSError):
                    self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its name there
                """Nobody reads it."""

        self.server = ThreadingHTTPServer((self.address, 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://{self.address}:{self.server.server_port}"

    def toml(self) -> str:
        return (
            f'id = "{self.id}"\nname = "{self.id}"\nbase_url = "{self.url}"\n[[listings]]\nurl = '
            f'"/tin"\n'
        )


class Publisher:
    """A portal that goes on publishing, and remembers when it had each post."""

    def __init__(self, name: str) -> None:
        self.name, self.at = name, dict[str, float]()
        self._rows: list[str] = []
        for n in range(8):
            self.publish(n)
        self.at.clear()  # what a first poll finds alerts nobody

    def publish(self, n: int) -> None:
        title = f"Thông báo số {n} của {self.name} về lịch tiếp công dân"
        now = datetime.now(ZoneInfo("Asia/Ho_Chi_Minh"))
        row = f'<li><a href="/tin/bai-{n}.html">{title}</a> <span>{now:%d/%m/%Y %H:%M}</span></li>'
        self._rows.insert(0, row)
        self.at[title] = time.monotonic()

    def pages(self, path: str) -> tuple[str, bytes] | None:
        if path == "/tin":
            return _html(f"<ul>{''.join(self._rows[:30])}</ul>")
        if path == "/big.pdf":
            return "application/pdf", BIG
        if path.startswith("/tin/"):
            files = (
                '<p><a href="/big.pdf">Tệp đính kèm</a></p>' if path == "/tin/bai-0.html" else ""
            )
            return _html(
                f"<h1>Thông báo</h1><div>{'<p>Nội dung của thông báo này.</p>' * 20}{files}</div>"
            )
        return None


def _html(body: str) -> tuple[str, bytes]:
    page = f"<!doctype html><html><head><title>Tin</title></head><body>{body}</body></html>"
    return "text/html; charset=utf-8", page.encode()


def _rows_around(hostile: str, media: str = "text/html; charset=utf-8") -> Pages:
    """A listing whose articles, and itself, are hostile."""
    rows = "".join(
        f'<li><a href="/tin/x-{n}.html">Tin số {n} của cổng xấu</a> 28/11/2026</li>'
        for n in range(10)
    )
    listing = f"<html><body><ul>{rows}</ul>{hostile}</body></html>".encode()
    article = f"<html><body><h1>Tin</h1>{hostile}</body></html>".encode()
    return lambda path: (
        (media, listing if path == "/tin" else article) if path.startswith("/tin") else None
    )


def _links(urls: list[str]) -> str:
    return "".join(f'<p><a href="{url}">Tệp {n}</a></p>' for n, url in enumerate(urls))


def _s4() -> Pages:
    """Thirty links to files of 19 MB, each another one."""
    around = _rows_around(_links([f"/tep/{n}.pdf" for n in range(30)]))

    def pages(path: str) -> tuple[str, bytes] | None:
        if path.startswith("/tep/"):
            return "application/pdf", b"%PDF-1.4\n" + path.encode() + b"\0" * 19_000_000
        return around(path)

    return pages


HOSTILE: dict[str, Callable[[], Pages]] = {
    "s1-cookie": lambda: _rows_around("<script>document.cookie=" + " " * 38_000 + "</script>"),
    "s1-script": lambda: _rows_around("<script" * 5_500),
    "s1-p": lambda: _rows_around("<p>(</p>" * 40_000),
    "s2-deep": lambda: _rows_around("<div>" * 80_000),
    "s2-feed": lambda: _rows_around(
        "<rss><channel>" + "<item><title>&lt;b&gt;" * 60_000, "application/rss+xml"
    ),
}
MORE: dict[str, Callable[[], Pages]] = {
    "s4": _s4,
    "s6": lambda: _rows_around(
        _links([f"http://127.0.0.1:{port}/x.pdf" for port in (22, 25, 5432, 6379)]
               + ["http://192.0.2.1:22/x.pdf", "http://169.254.169.254/latest/x.pdf"])
    ),
}  # fmt: skip
"""Asked for by `--with`: what is built elsewhere is measured here as soon as it is there."""


class Inbox:
    """Where the alerts arrive."""

    def __init__(self) -> None:
        self.at: dict[str, float] = {}
        inbox = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                inbox.at.setdefault(body["data"].get("title", ""), time.monotonic())
                self.send_response(204)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its name there
                """Nobody reads it."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/hook"


class ServedFeed:
    """A running `loa serve` with these portals."""

    def __init__(self, folder: Path, sites: list[Site]) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        (folder / "portals").mkdir()
        for site in sites:
            (folder / "portals" / f"{site.id}.toml").write_text(site.toml(), "utf-8")
        self.config = folder / "loa.toml"
        self.config.write_text(
            f'portals_dir = "portals"\n[service]\npublic_url = "http://127.0.0.1:{self.port}"\n'
            f'[server]\nport = {self.port}\n[database]\nurl = "sqlite:///loa.db"\n'
            f"[polling]\ninterval_s = {INTERVAL_S}\njitter = 0\nmin_delay_per_host_s = 0\n"
            "[webhooks]\nallow_private_networks = true\n"
        )
        self.log = (folder / "serve.log").open("wb")

    def loa(self, *arguments: str) -> None:
        subprocess.run(self._command(*arguments), check=True, capture_output=True)

    def _command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "service", "--config", str(self.config), *arguments]

    def start(self) -> None:
        self.process = subprocess.Popen(
            self._command("serve"), stderr=self.log, start_new_session=True
        )
        eventually(lambda: self.took_s("/healthz") is not None)

    def took_s(self, path: str, timeout_s: float = 5) -> float | None:
        """Seconds to a whole answer of 200; None for anything else."""
        began = time.monotonic()
        try:
            with urllib.request.urlopen(
                f"http://127.0.0.1:{self.port}{path}", timeout=timeout_s
            ) as answer:
                answer.read()
        except OSError:
            return None
        return time.monotonic() - began

    def memory_mb(self) -> dict[str, float]:
        """By process; `readers` are what the worker has beneath it."""
        found = {"main": 0.0, "web": 0.0, "worker": 0.0, "readers": 0.0}
        main = psutil.Process(self.process.pid)
        with suppress(psutil.NoSuchProcess):
            found["main"] = _mb(main)
            for child in main.children():
                listens = any(
                    one.status == psutil.CONN_LISTEN for one in child.net_connections("tcp")
                )
                found["web" if listens else "worker"] = _mb(child)
                found["readers"] += sum(_mb(one) for one in child.children(recursive=True))
        return found

    def end(self) -> None:
        self.process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(15)
        self.log.close()


def _mb(process: psutil.Process) -> float:
    try:
        return float(process.memory_info().rss) / 1e6
    except psutil.NoSuchProcess:
        return 0.0


def _raise_limit() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 16_384), hard))


def eventually(what: Callable[[], bool], within_s: float = 90) -> None:
    """Waits for other processes."""
    deadline = time.monotonic() + within_s
    while not what():
        if time.monotonic() > deadline:
            raise TimeoutError("it never happened")
        time.sleep(0.2)


class Strangers:
    """Connections that say nothing, half requests, readers that stall, header fields that cost."""

    def __init__(self, port: int, silent: int, stalled: int) -> None:
        self._port, self._silent, self._stalled = port, silent, stalled
        self.stop = threading.Event()

    def run(self) -> None:
        """Until it is ended."""
        _raise_limit()
        for act in (self._say_nothing, self._stall):
            threading.Thread(target=act, daemon=True).start()
        self._ask_dearly()

    def _open(self, first: bytes) -> socket.socket:
        client = socket.create_connection(("127.0.0.1", self._port), timeout=10)
        client.sendall(first)
        return client

    def _say_nothing(self) -> None:
        """They are ended in ten seconds each; as many come again."""
        heads = (
            b"",
            b"GET / HT",
            b"GET / HTTP/1.1\r\nHost: x\r\n",
            b"POST /subscribe HTTP/1.1\r\nContent-Length: 9\r\n\r\nx",
        )
        while not self.stop.is_set():
            clients = []
            for n in range(self._silent):
                with suppress(OSError):
                    clients.append(self._open(heads[n % len(heads)]))
            self.stop.wait(11)
            for client in clients:
                client.close()

    def _stall(self) -> None:
        while not self.stop.is_set():
            clients = []
            for _ in range(self._stalled):
                with suppress(OSError):
                    clients.append(
                        self._open(f"GET {BIG_PATH} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
                    )
            self.stop.wait(20)
            for client in clients:
                client.close()

    def _ask_dearly(self) -> None:
        field_ = (
            b'GET /feeds/all.atom HTTP/1.1\r\nHost: x\r\nIf-None-Match: "a",'
            + b" " * 16_000
            + b"\r\n\r\n"
        )
        while not self.stop.is_set():
            with suppress(OSError), self._open(field_) as client:
                client.recv(1 << 16)
            self.stop.wait(0.05)


Seconds = list[float]
"""Sorted; infinite for what never came."""


class Watch:
    """Publishes, asks for health and looks at memory meanwhile."""

    def __init__(self, served: ServedFeed, publishers: list[Publisher], inbox: Inbox) -> None:
        self._served, self._publishers, self._inbox, self._n = served, publishers, inbox, 100

    def through(self, seconds: float) -> tuple[Seconds, Seconds, dict[str, float]]:
        """How long health took, how late the alerts arrived, and the most memory of each process,
        in MB."""
        health, peak = Seconds(), dict[str, float]()
        for one in self._publishers:
            one.at.clear()
        began = next_at = time.monotonic()
        while (now := time.monotonic()) < began + seconds:
            if now >= next_at:
                self._publishers[self._n % HEALTHY].publish(self._n)
                self._n, next_at = self._n + 1, now + EVERY_S
            took = self._served.took_s("/healthz")
            health.append(float("inf") if took is None else took)
            for name, used in self._served.memory_mb().items():
                peak[name] = max(peak.get(name, 0.0), used)
            time.sleep(0.1)
        published = {title: at for one in self._publishers for title, at in one.at.items()}
        with suppress(TimeoutError):
            eventually(lambda: published.keys() <= self._inbox.at.keys(), 2 * WITHIN_S)
        late = [self._inbox.at.get(title, float("inf")) - at for title, at in published.items()]
        return sorted(health), sorted(late), peak


@dataclass(frozen=True, slots=True)
class Figures:
    """Seconds, sorted; `…_calm`: of the same machine a moment before, with the good portals
    alone."""

    alerts: Seconds
    alerts_calm: Seconds
    health: Seconds
    health_calm: Seconds
    idle_mb: dict[str, float]
    peak_mb: dict[str, float]

    @property
    def memory(self) -> float:
        """The peak of all but the readers, in times of idle."""
        own = ("main", "web", "worker")
        return sum(self.peak_mb[one] for one in own) / sum(self.idle_mb[one] for one in own)

    def broken(self) -> list[str]:
        return [
            *([f"an alert after {self.alerts[-1]:.1f} s"] if self.alerts[-1] > WITHIN_S else []),
            *(
                [f"/healthz after {self.health[-1] * 1000:.0f} ms"]
                if self.health[-1] > HEALTH_S
                else []
            ),
            *([f"memory {self.memory:.2f} times idle"] if self.memory > MEMORY else []),
        ]


def measure(
    folder: Path, seconds: float, more: list[str], *, silent: int = SILENT, stalled: int = STALLED
) -> Figures:
    """All of it, on loopback, for so many seconds."""
    _raise_limit()
    publishers = [Publisher(f"cổng {n}") for n in range(HEALTHY)]
    calm = [Site(f"tot-{n}", one.pages, f"127.0.2.{n + 1}") for n, one in enumerate(publishers)]
    made = HOSTILE | {name: MORE[name] for name in more}
    hostile = [
        Site(name, make(), f"127.0.3.{n + 1}") for n, (name, make) in enumerate(made.items())
    ]
    inbox = Inbox()
    for site in (*calm, *hostile):
        site.start()
    with ExitStack() as stack:
        served = ServedFeed(folder, calm)
        served.loa("poll")  # the baseline, and the big file
        served.loa("subscription", "add", "webhook", inbox.url, "--confirmed")
        served.start()
        stack.callback(served.end)
        eventually(lambda: served.took_s(BIG_PATH) is not None)
        for _ in range(3):
            served.took_s("/feeds/all.atom")
        time.sleep(2 * INTERVAL_S)
        idle = served.memory_mb()
        watch = Watch(served, publishers, inbox)
        calm_health, calm_late, _ = watch.through(seconds / 2)
        for site in hostile:
            (folder / "portals" / f"{site.id}.toml").write_text(site.toml(), "utf-8")
        os.kill(served.process.pid, signal.SIGHUP)  # the portals are read anew
        eventually(lambda: served.took_s("/healthz") is not None)
        command = [
            sys.executable,
            __file__,
            "--strangers",
            str(served.port),
            str(silent),
            str(stalled),
        ]
        stack.callback(subprocess.Popen(command).kill)
        health, late, peak = watch.through(seconds)
    return Figures(
        alerts=late,
        alerts_calm=calm_late,
        health=health,
        health_calm=calm_health,
        idle_mb=idle,
        peak_mb=peak,
    )


def _say(found: Figures) -> None:
    for name, here, calm, most in (
        ("alerts", found.alerts, found.alerts_calm, WITHIN_S),
        ("healthz", found.health, found.health_calm, HEALTH_S),
    ):
        for what, some in (("all at once", here), ("calm", calm)):
            half, most_of_all = some[len(some) // 2], some[int(len(some) * 0.99)]
            spread = f"half {half:.3f} s, 99 % {most_of_all:.3f} s, last {some[-1]:.3f} s"
            print(f"{name:8}{what:12}{len(some):4}, {spread} (of {most:g})")
    used = (f"{name} {found.idle_mb[name]:.0f}, {peak:.0f}" for name, peak in found.peak_mb.items())
    print(
        f"memory  {found.memory:.2f} x idle (of {MEMORY:g}), readers apart; MB idle, peak: "
        f"{'; '.join(used)}"
    )
    print(f"load    {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--with", dest="more", action="append", choices=sorted(MORE), default=[])
    parser.add_argument("--json", action="store_true", dest="as_json")
    parser.add_argument("--strangers", nargs=3, type=int, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.strangers:
        Strangers(*asked.strangers).run()
    with tempfile.TemporaryDirectory(prefix="loa-all-") as folder:
        figures = measure(Path(folder), asked.seconds, asked.more)
    if asked.as_json:
        print(json.dumps({**asdict(figures), "memory": figures.memory, "broken": figures.broken()}))
    else:
        _say(figures)
    for one in figures.broken():
        print(f"not held: {one}", file=sys.stderr)
    return 1 if figures.broken() else 0


if __name__ == "__main__":
    sys.exit(main())
