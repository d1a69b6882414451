"""Beats of loops, in memory that a process shares with its supervisor: who stands still is judged
from outside.

A loop says by when it will beat again, and what it works on. The memory is read by processes that
need nothing of the one that stands still, not even its interpreter. Times are of the monotonic
clock, which all processes of a machine share. Owns the memory; refuses to know what loops do, and
ends nobody (see `supervisor`).
"""

from __future__ import annotations

import ctypes
import mmap
import os
import signal
import struct
import sys
import threading
import time
from dataclasses import dataclass

WITHIN_S = 12.0
"""A loop that has not beaten for so long stands still; SQLite's locks are waited for 10 s."""

TICK_S = 0.5
TICK_WITHIN_S = 6.0
PROCESS = "process"
"""The loop that does nothing but beat: where it stands still, nobody has the interpreter but the
one who stands."""

_SLOT = struct.Struct("<ddq48s440s")
_SLOTS = 256
_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, slots=True)
class Beat:
    """The last sign of life of one loop. `doing` is what it works on, empty where that has no
    name."""

    name: str
    at: float
    due: float
    thread: int
    doing: str


class Pulse:
    """The beats of one process's loops. Made before the fork; written by the child alone, from any
    thread."""

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, _SLOT.size * _SLOTS)
        self._slots: dict[str, int] = {}
        self._lock = threading.Lock()

    def beat(self, name: str, within_s: float = WITHIN_S, doing: str = "") -> None:
        """The loop lives, and beats again within so many seconds. More loops than there is room for
        go unseen."""
        now = time.monotonic()
        packed = _SLOT.pack(
            now, now + within_s, threading.get_native_id(), _cut(name, 48), _cut(doing, 440)
        )
        with self._lock:
            slot = self._slots.get(name)
            if slot is None:
                free = set(range(_SLOTS)) - set(self._slots.values())
                if not free:
                    return
                slot = self._slots[name] = min(free)
            self._memory[slot * _SLOT.size : (slot + 1) * _SLOT.size] = packed

    def rest(self, name: str) -> None:
        """The loop has ended in order, or waits for work without a limit of time."""
        with self._lock:
            slot = self._slots.pop(name, None)
            if slot is not None:
                self._memory[slot * _SLOT.size : (slot + 1) * _SLOT.size] = bytes(_SLOT.size)

    def clear(self) -> None:
        """Forgets every loop: another process is about to write."""
        with self._lock:
            self._slots.clear()
            self._memory[:] = bytes(len(self._memory))

    def beats(self) -> list[Beat]:
        found = [_SLOT.unpack_from(self._memory, slot * _SLOT.size) for slot in range(_SLOTS)]
        return [
            Beat(_text(name), at, due, thread, _text(doing))
            for at, due, thread, name, doing in found
            if due
        ]

    def standing(self) -> list[Beat]:
        """Loops that should have beaten by now."""
        now = time.monotonic()
        return [beat for beat in self.beats() if beat.due < now]

    def tick(self) -> None:
        """Starts the thread that beats for the process as a whole."""
        self.beat(PROCESS, TICK_WITHIN_S)
        threading.Thread(target=self._tick, name="heartbeat", daemon=True).start()

    def _tick(self) -> None:
        while True:
            self.beat(PROCESS, TICK_WITHIN_S)
            time.sleep(TICK_S)


def _cut(text: str, most: int) -> bytes:
    return text.encode("utf-8", "replace")[:most]


def _text(raw: bytes) -> str:
    return raw.rstrip(b"\0").decode("utf-8", "replace")


def beat_text(beat: Beat) -> str:
    """A loop that stands still, in words: `poll quangxuong (https://…), for 14 s`."""
    doing = f" ({beat.doing})" if beat.doing else ""
    return f"{beat.name}{doing}, for {time.monotonic() - beat.at:.0f} s"


def die_with_parent(parent_pid: int) -> None:
    """The kernel kills this process when the thread that forked it ends, whatever holds the
    interpreter meanwhile.

    The forking thread must live as long as its process does. Only Linux knows this; elsewhere a
    thread watches.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent_pid:  # it died in between
        os.kill(os.getpid(), signal.SIGKILL)
