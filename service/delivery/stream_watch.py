"""Which of libcurl's sockets epoll watches, with no system call for a connection that is kept and
used again.

libcurl says after every transfer that it wants nothing more of the socket. It rests then, and stays
registered: most often the same connection carries the next transfer. But its number may also come
back as another socket's.
"""

from __future__ import annotations

import os
import select
from contextlib import suppress


class Watch:
    """Not for several threads, but for `wake`."""

    def __init__(self) -> None:
        self._epoll = select.epoll()
        self._wanted: dict[int, int] = {}
        self._resting: dict[int, int] = {}
        self._doubtful: set[int] = set()
        self._woken, self._waker = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._epoll.register(self._woken, select.EPOLLIN)

    def want(self, fd: int, mask: int) -> None:
        """Watches a socket for these events."""
        before = self._wanted.get(fd) or self._resting.pop(fd, None)
        self._wanted[fd] = mask
        if before is None or fd in self._doubtful:
            self._doubtful.discard(fd)
            try:
                self._epoll.register(fd, mask)
            except FileExistsError:
                self._epoll.modify(fd, mask)
        elif before != mask:
            self._epoll.modify(fd, mask)

    def rest(self, fd: int) -> None:
        """Nothing more is wanted of a socket: it may be closed, or used again."""
        mask = self._wanted.pop(fd, None)
        if mask is not None:
            self._resting[fd] = mask

    def opened(self) -> None:
        """A socket was opened, of a number that nobody tells: it may be that of a resting one,
        closed since."""
        self._doubtful.update(self._resting)

    def poll(self, timeout_s: float) -> list[tuple[int, int]]:
        """Sockets and their events. What happens to a resting one, its other end closing it, is
        nobody's business."""
        ready = []
        for fd, events in self._epoll.poll(timeout_s):
            if fd == self._woken:
                os.read(fd, 4096)
            elif fd in self._wanted:
                ready.append((fd, events))
            else:
                self._resting.pop(fd, None)
                self._doubtful.discard(fd)
                self._epoll.unregister(fd)
        return ready

    def wake(self) -> None:
        """Ends the wait of a `poll`; from any thread."""
        with suppress(BlockingIOError):  # a full pipe wakes as well
            os.write(self._waker, b"w")

    def close(self) -> None:
        self._epoll.close()
        os.close(self._woken)
        os.close(self._waker)
