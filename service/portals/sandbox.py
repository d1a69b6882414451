"""Reads foreign documents apart from everything else: in child processes with limits of CPU, memory
and time.

Whatever a page does to the one that reads it, polling of other portals and every delivery go on;
the page is named, and its listing waits as for any other fault. Owns the pool, what goes over the
line, and the limits of each job.
"""

from __future__ import annotations

import contextlib
import io
import os
import pickle
import resource
import signal
import socket
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum
from importlib import import_module
from operator import attrgetter, methodcaller
from typing import Any
from urllib.parse import urlsplit

from service import types
from service.errors import CodedError, LoaError, UnreadableError
from service.portals.spawn import Spawner
from service.settings import ListingConfig, PortalConfig
from service.types import Article, Listing, Outcome, Page, PageGlance
from service.words import coded

READERS = 2
"""Documents read at once: parsing needs a core each."""
MEMORY_BYTES = 384 << 20
"""Beyond what the process has when it is forked: a page of the greatest size allowed (10 MB) needs
about 200 MB."""
_IDLE_S = 60.0
"""After which a reader that has nothing to do is ended; a new one costs milliseconds."""
_JOBS_OF_ONE = 500
"""After which a reader is replaced: what parsers keep does not add up."""
_LENGTH = struct.Struct("<Q")
_MOST_ANSWER = 256 << 20


@dataclass(frozen=True, slots=True)
class ReadingJob:
    """A pure function, imported where it runs, and what it may use up."""

    module: str
    function: str
    cpu_s: int
    wall_s: float
    """With both cores busy elsewhere; longer than `cpu_s`, so that the CPU is the limit that is met
    first."""


JOBS = {
    "listing": ReadingJob("service.portals.read", "read_listing", 8, 30.0),
    "glance": ReadingJob("service.portals.glance", "glance", 8, 30.0),
    "article": ReadingJob("service.portals.read", "read_article", 8, 30.0),
    "pdf": ReadingJob("service.portals.pdf", "read_pdf", 8, 30.0),
    "page": ReadingJob("service.portals.page_images", "render_page", 8, 30.0),
    "cover": ReadingJob("service.portals.page_images", "render_cover", 8, 30.0),
    "bounce": ReadingJob("service.alerts.bounce", "read", 8, 30.0),
}


class EndedError(CodedError):
    """A reader was ended: by a limit, or by what it read."""


class SandboxPool:
    """Make it before any thread. Safe to be used from several; a call waits while all readers are
    busy."""

    def __init__(self) -> None:
        self._spawner = Spawner(serve_reader, MEMORY_BYTES)
        self._places = threading.Semaphore(READERS)
        self._idle: list[_ReaderProcess] = []
        self._lock = threading.Lock()

    def call(self, job: str, *args: Any) -> Any:
        """What the job's function returns for `args`; what it raises is raised here.

        Raises EndedError where the reader met a limit or fell over.
        """
        with self._places:
            reader = self._take()
            try:
                answer = reader.ask(job, args)
            except BaseException:
                reader.end()
                raise
            self._give_back(reader)
        return _value(answer)

    def _take(self) -> _ReaderProcess:
        with self._lock:
            while self._idle:
                reader = self._idle.pop()
                if reader.is_fit():
                    return reader
                reader.end()
        try:
            return _ReaderProcess(*self._spawner.spawn())
        except OSError as error:
            raise EndedError(coded("reader.unstarted", said=str(error))) from error

    def _give_back(self, reader: _ReaderProcess) -> None:
        with self._lock:
            self._idle.append(reader)
            old = [one for one in self._idle if not one.is_fit()]
            self._idle = [one for one in self._idle if one.is_fit()]
        for one in old:
            one.end()

    def rest(self) -> None:
        """Ends readers that have had nothing to do for a while."""
        with self._lock:
            old = [one for one in self._idle if not one.is_fit()]
            self._idle = [one for one in self._idle if one.is_fit()]
        for one in old:
            one.end()

    def close(self) -> None:
        with self._lock:
            readers, self._idle = self._idle, []
        for reader in readers:
            reader.end()
        self._spawner.close()


class _ReaderProcess:
    """One child and the line to it. Used by one thread at a time."""

    def __init__(self, pid: int, line: socket.socket) -> None:
        self._process = os.pidfd_open(pid)  # its number may be somebody else's once it has ended
        self._line = line
        self._jobs = 0
        self._used_at = time.monotonic()

    def is_fit(self) -> bool:
        return self._jobs < _JOBS_OF_ONE and time.monotonic() - self._used_at < _IDLE_S

    def ask(self, job: str, args: tuple[Any, ...]) -> bytes:
        limits = JOBS[job]
        until = time.monotonic() + limits.wall_s
        self._jobs += 1
        try:
            _send(self._line, pickle.dumps((job, args), pickle.HIGHEST_PROTOCOL), until)
            answer = _receive(self._line, until)
        except TimeoutError as error:
            raise EndedError(coded("reader.late", wall_s=limits.wall_s)) from error
        except OSError as error:
            raise EndedError(coded("reader.broke_off", said=str(error))) from error
        if answer is None:
            raise EndedError(coded("reader.fell", cpu_s=limits.cpu_s, mb=MEMORY_BYTES >> 20))
        self._used_at = time.monotonic()
        return answer

    def end(self) -> None:
        with contextlib.suppress(ProcessLookupError):  # it has ended already
            signal.pidfd_send_signal(self._process, signal.SIGKILL)
        os.close(self._process)
        self._line.close()


# --- over the line ----------------------------------------------------------------------------


def _send(line: socket.socket, data: bytes, until: float | None = None) -> None:
    line.settimeout(_left_s(until))
    line.sendall(_LENGTH.pack(len(data)) + data)


def _receive(line: socket.socket, until: float | None = None) -> bytes | None:
    """A whole frame; None when the other side is gone."""
    head = _exactly(line, _LENGTH.size, until)
    if head is None:
        return None
    length = int(_LENGTH.unpack(head)[0])
    return _exactly(line, length, until) if length <= _MOST_ANSWER else None


def _exactly(line: socket.socket, length: int, until: float | None) -> bytes | None:
    parts = bytearray(length)
    view, at = memoryview(parts), 0
    while at < length:
        line.settimeout(_left_s(until))
        got = line.recv_into(view[at:])
        if not got:
            return None
        at += got
    return bytes(parts)


def _left_s(until: float | None) -> float | None:
    if until is None:
        return None
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


class _SafeUnpickler(pickle.Unpickler):
    """Takes values of ours and plain ones alone: a reader that was taken over must not run anything
    here."""

    def find_class(self, module: str, name: str) -> Any:
        if module in _PLAIN and name in _PLAIN[module]:
            return super().find_class(module, name)
        if module in _OURS and name.isidentifier():
            found = super().find_class(module, name)
            if isinstance(found, type):
                return found
        raise pickle.UnpicklingError(f"{module}.{name} is no value of a document")


_OURS = frozenset(
    {
        "service.instants", "service.errors",
        "service.portals.sandbox", "service.portals.pdf", "service.alerts.bounce",
        "service.alerts.refusal",
        *(one.__module__ for one in vars(types).values()
          if isinstance(one, type) and one.__module__.startswith("service.types.")),
    }
)  # fmt: skip
_PLAIN = {
    "datetime": frozenset({"datetime", "date", "time", "timedelta", "timezone"}),
    "zoneinfo": frozenset({"ZoneInfo", "ZoneInfo._unpickle"}),
    "collections": frozenset({"Counter", "OrderedDict"}),
    "builtins": frozenset({"frozenset", "set", "bytearray"}),
}


def _value(answer: bytes) -> Any:
    try:
        is_error, value = _SafeUnpickler(io.BytesIO(answer)).load()
    except Exception as error:  # whatever a broken answer makes of unpickling, it is no document
        raise EndedError(coded("reader.nonsense", said=str(error))) from error
    if not is_error:
        return value
    kind, message, facts = value
    if not (isinstance(kind, type) and issubclass(kind, LoaError)):
        raise EndedError(coded("reader.failed", said=message))
    raise _rebuilt(kind, message, facts)


def _rebuilt(kind: type[LoaError], message: str, facts: dict[str, Any]) -> LoaError:
    """The exception with all it knows, whatever its constructor wants."""
    error = kind.__new__(kind, message)
    Exception.__init__(error, message)
    error.__dict__.update(facts)
    return error


class _Reducers(dict[type, Callable[[Any], Any]]):
    """How values of each class are taken apart, found out once for each: a listing has thousands.

    Members of an enumeration by their value: Python 3.11.0 to 3.11.3 call `getattr` for them, and
    nobody may. Those of a dataclass by their fields in order, at half the cost of its own way.
    """

    def __missing__(self, kind: type) -> Callable[[Any], Any]:
        if issubclass(kind, type):
            raise KeyError(kind)  # a class is named, not taken apart
        self[kind] = found = _reducer_of(kind)
        return found


def _reducer_of(kind: type) -> Callable[[Any], Any]:
    if issubclass(kind, Enum):
        return lambda member: (kind, (member.value,))
    if is_dataclass(kind) and not hasattr(kind, "__post_init__"):
        shown = fields(kind)
        if len(shown) > 1 and all(one.init and not one.kw_only for one in shown):
            values = attrgetter(*(one.name for one in shown))
            return lambda value: (kind, values(value))
    return methodcaller("__reduce_ex__", pickle.HIGHEST_PROTOCOL)


_REDUCERS = _Reducers()


def pack(answer: object) -> bytes:
    """An answer as it goes over the line."""
    packed = io.BytesIO()
    pickler = pickle.Pickler(packed, pickle.HIGHEST_PROTOCOL)
    pickler.dispatch_table = _REDUCERS
    pickler.dump(answer)
    return packed.getvalue()


# --- in the child -----------------------------------------------------------------------------


def serve_reader(line: socket.socket) -> None:
    """A reader's life: a job, its answer, the next one, until the line is closed."""
    while (asked := _receive(line)) is not None:
        _send(line, _work(*pickle.loads(asked)))  # noqa: S301 - what our own parent sends


def _work(job: str, args: tuple[Any, ...]) -> bytes:
    limits = JOBS[job]
    used = resource.getrusage(resource.RUSAGE_SELF)
    most = int(used.ru_utime + used.ru_stime) + limits.cpu_s + 1
    # SIGXCPU ends it, whoever has the interpreter
    resource.setrlimit(resource.RLIMIT_CPU, (most, resource.RLIM_INFINITY))
    function: Callable[..., Any] = getattr(import_module(limits.module), limits.function)
    try:
        answer = (False, function(*args))
    except LoaError as error:
        answer = (True, (type(error), str(error), dict(error.__dict__)))
    except (MemoryError, RecursionError) as error:
        answer = (True, (None, type(error).__name__, {}))
    except (
        Exception
    ) as error:  # a bug in a reader: told with its name, the page is put aside like any other fault
        answer = (True, (None, f"{type(error).__name__}: {error}", {}))
    return pack(answer)


# --- as polling sees it -----------------------------------------------------------------------


class SandboxedReader:
    """`portals.read`, apart."""

    def __init__(self, apart: SandboxPool) -> None:
        self._apart = apart

    def read_listing(self, page: Page, portal: PortalConfig, listing: ListingConfig) -> Listing:
        """As `portals.read`; UnreadableError too where no reader could read it within its
        limits."""
        found: Listing = self._read("listing", page, portal, listing)
        return found

    def read_article(self, page: Page, portal: PortalConfig) -> Article:
        """Likewise."""
        found: Article = self._read("article", page, portal)
        return found

    def glance(self, page: Page) -> PageGlance:
        """As `portals.glance`; likewise."""
        found: PageGlance = self._read("glance", page)
        return found

    def reader_version(self, portal: PortalConfig) -> str:
        from service.portals.read import reader_version

        return reader_version(portal)

    def _read(self, job: str, page: Page, *more: Any) -> Any:
        try:
            return self._apart.call(job, page, *more)
        except EndedError as error:
            portal = more[0].id if more else urlsplit(page.url).netloc
            reason = coded("read.ended", url=page.url, portal=portal, reason=error.reason)
            raise UnreadableError(reason, Outcome.NOT_A_LISTING) from error
