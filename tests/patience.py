"""Other processes: a port for each, and waiting for what no injected clock reaches."""

from __future__ import annotations

import itertools
import os
import socket
import time
from collections.abc import Callable

PATIENCE_S = 60.0
"""A start takes 2 s alone, and has taken 20 s beside five other workers on two busy cores."""
_LOWEST, _PORTS_A_WORKER = 12_000, 1_000
"""Below those that the kernel gives to connections, where one is taken again within the second."""
_turns = itertools.count(os.getpid() % _PORTS_A_WORKER)


def eventually(what: Callable[[], bool], within_s: float = PATIENCE_S) -> None:
    deadline = time.monotonic() + within_s
    while not what():
        assert time.monotonic() < deadline, f"it did not happen within {within_s:g} s"
        time.sleep(0.05)


def free_port() -> int:
    """Of 127.0.0.1, and no other worker's."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    while True:
        port = _LOWEST + worker * _PORTS_A_WORKER + next(_turns) % _PORTS_A_WORKER
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return port
