"""Runs tesseract on the picture of a page: one program that gets an image and gives words, within
limits of memory, CPU and time.

A picture may be made to keep a reader busy for minutes: the program is ended then, and nothing of
it is left. What it says is believed only where it is sure of its words: a page that lies on its
side gives as many letters as one that does not.
"""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from service.errors import CodedError
from service.words import coded

LANGUAGE = "vie"
LEAST_CONFIDENCE = 75.0
"""Mean of a page's words. A right page has 91 and more, one upside down 45."""
MEMORY_BYTES = 512 << 20
CPU_S = 20
WALL_S = 30.0
MOST_SAID = 4 << 20
"""Bytes: a page of small print gives some 200,000."""
NICE = 10
_ASK_S = 10.0
_KEPT = ("PATH", "TESSDATA_PREFIX")


class OcrError(CodedError):
    """The program is not there, or did not do what it was asked for."""


@dataclass(frozen=True, slots=True)
class PageReading:
    """`confidence` is the mean of the words, 0 to 100; 0 of a page without a word."""

    text: str
    confidence: float

    @property
    def is_sure(self) -> bool:
        return self.confidence >= LEAST_CONFIDENCE


class Tesseract:
    """`command`: the program's name or path. `wall_s`: how long a page may take."""

    def __init__(self, command: str, wall_s: float = WALL_S) -> None:
        self._command = command
        self._wall_s = wall_s

    def describe(self) -> str:
        """Its version and model: `tesseract 5.3.0 vie`. Raises OcrError where it cannot be run, or
        knows no Vietnamese."""
        languages = self._ask("--list-langs").splitlines()[1:]
        if LANGUAGE not in languages:
            raise OcrError(
                coded("ocr.language", command=self._command, found=", ".join(languages) or "-")
            )
        first = next(iter(self._ask("--version").splitlines()), "").strip()
        return f"{first} {LANGUAGE}"

    def read(self, image: bytes, dpi: int) -> PageReading:
        """What a picture says. Raises OcrError where the program failed, or met a limit."""
        options = ("-", "-", "-l", LANGUAGE, "--psm", "3", "--dpi", str(dpi), "tsv")
        return read_tsv(self._run(image, self._wall_s, *options))

    def _run(self, given: bytes, wall_s: float, *options: str) -> str:
        """What the program prints, which goes to a file in memory: of that a limit can be set."""
        with (
            os.fdopen(os.memfd_create("loa-reading"), "r+b") as said,
            self._started(said, *options) as program,
        ):
            try:
                program.communicate(given, timeout=wall_s)
            except subprocess.TimeoutExpired as error:
                raise OcrError(coded("ocr.late", wall_s=wall_s)) from error
            if program.returncode != 0:
                raise OcrError(coded("ocr.failed", ended=program.returncode))
            said.seek(0)
            return said.read().decode("utf-8", "replace")

    @contextlib.contextmanager
    def _started(self, said: IO[bytes], *options: str) -> Iterator[subprocess.Popen[bytes]]:
        """The program with its limits, which it gets before its picture; it has ended
        afterwards."""
        environment = {name: os.environ[name] for name in _KEPT if name in os.environ}
        try:
            program = subprocess.Popen(  # noqa: S603 - the operator's own program, by its arguments
                [self._command, *options],
                stdin=subprocess.PIPE,
                stdout=said,
                stderr=subprocess.DEVNULL,
                env={**environment, "OMP_THREAD_LIMIT": "1"},
                start_new_session=True,
            )
        except OSError as error:
            raise OcrError(
                coded("ocr.absent", command=self._command, said=error.strerror or str(error))
            ) from error
        with program:
            try:
                with contextlib.suppress(ProcessLookupError):  # it has ended already
                    resource.prlimit(program.pid, resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
                    resource.prlimit(program.pid, resource.RLIMIT_CPU, (CPU_S, CPU_S))
                    resource.prlimit(program.pid, resource.RLIMIT_CORE, (0, 0))
                    resource.prlimit(program.pid, resource.RLIMIT_FSIZE, (MOST_SAID, MOST_SAID))
                    os.setpriority(os.PRIO_PROCESS, program.pid, NICE)
                yield program
            finally:
                if program.poll() is None:
                    os.killpg(program.pid, signal.SIGKILL)

    def _ask(self, option: str) -> str:
        return self._run(b"", _ASK_S, option)


def read_tsv(said: str) -> PageReading:
    """The words of tesseract's table, line by line, with an empty line between paragraphs. Raises
    OcrError for what is no such table."""
    lines: dict[tuple[str, ...], list[str]] = {}
    sure: list[float] = []
    head, *rows = (line.rstrip("\r").split("\t") for line in said.split("\n"))
    try:
        for row in (dict(zip(head, cells, strict=False)) for cells in rows if cells != [""]):
            word = row.get("text", "").strip()
            if row["level"] != "5" or not word:
                continue
            sure.append(_confidence(row["conf"]))
            place: tuple[str, ...] = (row["block_num"], row["par_num"], row["line_num"])
            lines.setdefault(place, []).append(word)
    except (KeyError, ValueError) as error:
        raise OcrError(coded("ocr.no_table", said=said[:200])) from error
    text = ""
    before: tuple[str, ...] | None = None
    for place, words in lines.items():
        if before is not None:
            text += "\n" if place[:2] == before else "\n\n"
        text += " ".join(words)
        before = place[:2]
    return PageReading(text, sum(sure) / len(sure) if sure else 0.0)


def _confidence(said: str) -> float:
    """Raises ValueError for what is no part of a hundred."""
    found = float(said)
    if not 0.0 <= found <= 100.0:
        raise ValueError(said)
    return found
