"""Tables that are longer than memory: read line by line, twice, and written some lines at a time,
so that no transaction holds up a service that runs beside it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

from service.errors import InvalidInput
from service.services.import_table import TableRow, read_table

AT_ONCE = 50
"""Lines in one transaction: a tenth of a second, and under a second on a busy machine."""
MAX_LINE_CHARS = 1 << 20


@contextmanager
def read_twice(file: Path) -> Iterator[Path]:
    """The file itself; of a pipe, which can be read once, a copy."""
    if file.is_file() or not file.exists():
        yield file
        return
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "table"
        with _refusing(file), file.open("rb") as source, copy.open("wb") as target:
            shutil.copyfileobj(source, target)
        yield copy


def table_rows(
    file: Path, columns: Collection[str], required: Collection[str]
) -> Iterator[TableRow]:
    """Raises InvalidInput for what cannot be read, and for what is no such table."""
    return read_table(_lines(file), columns, required)


def portions(rows: Iterable[TableRow]) -> Iterator[list[TableRow]]:
    """The rows, as many as are written at once."""
    rest = iter(rows)
    while some := list(islice(rest, AT_ONCE)):
        yield some


def _lines(file: Path) -> Iterator[str]:
    with _refusing(file), file.open(encoding="utf-8-sig", newline="") as stream:
        while line := stream.readline(MAX_LINE_CHARS):
            if len(line) == MAX_LINE_CHARS:
                raise InvalidInput("FILE", f"{str(file)!r} has no lines", "a UTF-8 CSV file")
            yield line


@contextmanager
def _refusing(file: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(
            "FILE", f"cannot read {str(file)!r}: {error}", "a UTF-8 CSV file"
        ) from error
