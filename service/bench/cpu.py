"""What processes use, from /proc: CPU time, user and system, of one and its children; and the
memory of this one."""

from __future__ import annotations

import os
from pathlib import Path

_TICK_S = 1 / os.sysconf("SC_CLK_TCK")


def family(pid: int) -> frozenset[int]:
    """A process, its children and theirs, by their ids."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except FileNotFoundError:  # it ended meanwhile
        return frozenset()
    return frozenset({pid}).union(*(family(int(child)) for child in children))


def family_cpu_s(pid: int) -> float:
    """Seconds that a process, its children and theirs have used so far, with those children that
    have ended."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return _cpu_s(pid) + sum(_of_child(int(child)) for child in children)


def _of_child(pid: int) -> float:
    try:
        return family_cpu_s(pid)
    except FileNotFoundError:  # it ended meanwhile: its parent has its time now
        return 0.0


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (
        sum(int(field) for field in fields[11:15]) * _TICK_S
    )  # proc(5): utime, stime, cutime, cstime


def peak_mb() -> float:
    """The most that this process ever had resident. Not getrusage's figure: that begins with the
    parent's."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024
