"""Fetches one hostile answer under the shipped caps and prints how it ended and the peak of this
process in kB.

The portal runs in a child: what it holds ready to send is no memory of ours.
"""

from __future__ import annotations

import multiprocessing
import sys
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path

from service.errors import FetchError, UnreadableError
from service.portals.fetch import Fetcher
from service.portals.read import read_listing
from service.settings import ListingConfig, PollingSettings, PortalConfig
from tests.hostile import Answer, HostilePortal, MemoryGate, bomb, endless


def _serve(pipe: Connection) -> None:
    page = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n"
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    answers: dict[str, Answer] = {
        "/endless": lambda _: endless(page, b"<a href='/x'>Giay moi</a>" * 2_000),
        "/bomb": bomb(),
        "/line": lambda _: endless(chunked, b"0" * 65_536),
    }
    with HostilePortal(answers) as site:
        pipe.send(site.url)
        pipe.recv()


def _peak_kb() -> int:
    """Of this program alone: getrusage() keeps the peak of whoever started it."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("VmHWM")))


def main(path: str) -> None:
    ours, theirs = multiprocessing.Pipe()
    child = multiprocessing.get_context("spawn").Process(target=_serve, args=(theirs,), daemon=True)
    child.start()
    url = ours.recv()
    portal = PortalConfig(
        id="p", name="P", base_url=url, kind="auto", listings=(ListingConfig(url=url + path),)
    )
    fetcher = Fetcher(
        PollingSettings(min_delay_per_host_s=0), MemoryGate(), lambda: datetime.now(UTC)
    )
    try:
        page = fetcher.get(url + path, portal=portal)
        outcome = "read" if page and read_listing(page, portal, portal.listings[0]) else "none"
    except (FetchError, UnreadableError) as error:
        outcome = error.outcome.value
    print(outcome, _peak_kb())
    ours.send(None)
    child.join(5)


if __name__ == "__main__":
    main(sys.argv[1])
