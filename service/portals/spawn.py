"""Makes the processes in which foreign documents are read, by forking one that was forked before
there were threads.

A process with threads must not be forked: a lock that another thread held stays locked for ever in
the copy. So a *spawner* is forked first, does nothing but wait, and is forked again for each
reader: in milliseconds, with all that was imported shared. Whoever asks for readers and is gone
takes the spawner with it, and the spawner its readers, stuck ones too. Owns the fork and what a
child may use up; knows nothing of what it reads.
"""

from __future__ import annotations

import contextlib
import gc
import os
import resource
import signal
import socket
import struct
import sys
from collections.abc import Callable
from pathlib import Path

from service.heartbeat import die_with_parent

_PID = struct.Struct("<q")

Serve = Callable[[socket.socket], None]
"""What a reader does with its end of the line until that is closed."""


class Spawner:
    """`serve` runs in each child. Make it before any thread; safe to be asked from several threads
    at once."""

    def __init__(self, serve: Serve, memory_bytes: int) -> None:
        """`memory_bytes`: what a child may map beyond what it begins with."""
        ours, theirs = socket.socketpair()
        sys.stdout.flush()
        sys.stderr.flush()
        pid = os.fork()
        if pid == 0:
            ours.close()
            _become(theirs, serve, memory_bytes)
        theirs.close()
        self._pid = pid
        self._line = ours

    def spawn(self) -> tuple[int, socket.socket]:
        """A new child: its process id, and our end of the line to it. Raises OSError when there can
        be none."""
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                socket.send_fds(self._line, [b"+"], [theirs.fileno()])
                said = self._line.recv(_PID.size, socket.MSG_WAITALL)
            if len(said) < _PID.size or _PID.unpack(said)[0] <= 0:
                raise OSError("the spawner of readers is gone, or cannot fork")
        except BaseException:
            ours.close()
            raise
        return int(_PID.unpack(said)[0]), ours

    def close(self) -> None:
        """Ends the spawner, and with it every child."""
        self._line.close()
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self._pid, 0)


def _become(line: socket.socket, serve: Serve, memory_bytes: int) -> None:
    """The spawner's life; never returns."""
    status = 1
    try:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(
            signal.SIGINT, signal.SIG_IGN
        )  # Ctrl-C reaches the whole group; our parent decides
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel buries the children
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        os.closerange(3, line.fileno())
        os.closerange(line.fileno() + 1, resource.getrlimit(resource.RLIMIT_NOFILE)[0])
        gc.freeze()  # a collection would touch, and so copy, every page that is shared
        _answer(line, serve, memory_bytes)
        status = 0
    finally:
        os._exit(status)


def _answer(line: socket.socket, serve: Serve, memory_bytes: int) -> None:
    me = os.getpid()
    while True:
        said, fds, _, _ = socket.recv_fds(line, 1, 1)
        if not said or not fds:
            return
        try:
            pid = os.fork()
        except OSError:
            pid = -1
        if pid == 0:
            line.close()
            _read_for_life(socket.socket(fileno=fds[0]), serve, memory_bytes, me)
        os.close(fds[0])
        line.sendall(_PID.pack(pid))


def _read_for_life(line: socket.socket, serve: Serve, memory_bytes: int, spawner: int) -> None:
    status = 1
    try:
        die_with_parent(spawner)
        most = _mapped_bytes() + memory_bytes
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
        serve(line)
        status = 0
    finally:
        os._exit(status)


def _mapped_bytes() -> int:
    """The size of this process's address space; nothing where there is no /proc to say it."""
    try:
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[0])
    except OSError:
        return 1 << 30
    return pages * resource.getpagesize()
