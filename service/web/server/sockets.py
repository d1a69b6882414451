"""Deadlines that only the kernel can keep: a reader that takes nothing is cut off, whatever the
server waits for.

The server opens its listening socket itself, in the web child, and gives no way to it: it is found
by its number. What is set on it holds for every connection that it takes from then on (Linux,
tcp(7)).
"""

from __future__ import annotations

import os
import socket
import sys
import threading
from pathlib import Path

SEND_TIMEOUT_MS = 30_000
"""For so long a reader may take nothing of what waits for it."""

SEND_BUFFER_BYTES = 256 << 10
"""Of one connection, in the kernel, which would hold megabytes of a file for a reader that takes
nothing. Enough for 2.5 MB/s over 100 ms."""

RECEIVE_BUFFER_BYTES = 32 << 10
"""Of one connection. The server reads all it finds there before it looks at another, zeros before a
chunk's size without end too (hyper sets no most). A megabyte comes in 3 s over 100 ms."""

_LOOK_EVERY_S = 0.2
_LOOKS = 300
_OWN_FILES = Path("/proc/self/fd")


def limit_sending() -> None:
    """Sets the deadline as soon as this process listens. Elsewhere than on Linux nothing
    happens."""
    if sys.platform == "linux" and _OWN_FILES.exists():
        threading.Thread(target=_keep_looking, name="sockets", daemon=True).start()


def _keep_looking() -> None:
    pause = threading.Event()
    for _ in range(_LOOKS):
        if limit_listening():
            return
        pause.wait(_LOOK_EVERY_S)


def limit_listening() -> bool:
    """Whether there was a listening socket; it has the deadline then."""
    found = False
    for entry in list(_OWN_FILES.iterdir()):
        try:
            with socket.socket(fileno=os.dup(int(entry.name))) as duplicate:
                if duplicate.family in (socket.AF_INET, socket.AF_INET6) and duplicate.getsockopt(
                    socket.SOL_SOCKET, socket.SO_ACCEPTCONN
                ):
                    duplicate.setsockopt(
                        socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, SEND_TIMEOUT_MS
                    )
                    duplicate.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
                    duplicate.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
                    found = True
        except OSError:  # no socket, or closed meanwhile
            continue
    return found
