"""The program that reads pictures of pages: what it is asked, how it is bounded, what its answer
is taken for."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from service.portals import tesseract
from service.portals.tesseract import OcrError, PageReading, Tesseract, read_tsv

HEAD = (
    "level\tpage_num\tblock_num\tpar_num\tline_num\tword_num\tleft\ttop\twidth\theight\tconf\ttext"
)


def row(block: int, par: int, line: int, conf: float, text: str, level: int = 5) -> str:
    return f"{level}\t1\t{block}\t{par}\t{line}\t1\t0\t0\t9\t9\t{conf}\t{text}"


def program(folder: Path, script: str) -> str:
    path = folder / "reader"
    path.write_text(f"#!/bin/sh\n{script}\n", "utf-8")
    path.chmod(0o755)
    return str(path)


def test_lines_are_joined_paragraphs_are_parted_and_quotes_are_letters() -> None:
    said = "\n".join(
        [
            HEAD,
            row(1, 1, 1, -1, "", level=4),
            row(1, 1, 1, 96, "Số:"),
            row(1, 1, 1, 90, '"06/CT-UBND'),
            row(1, 1, 2, 96, "CHỈ"),
            row(1, 2, 1, 94, "THỊ"),
            row(1, 2, 1, 94, " "),
        ]
    )
    assert read_tsv(said) == PageReading('Số: "06/CT-UBND\nCHỈ\n\nTHỊ', 94.0)


def test_a_blank_page_is_not_sure() -> None:
    assert read_tsv(HEAD) == PageReading("", 0.0)
    assert not read_tsv(HEAD).is_sure
    assert read_tsv(f"{HEAD}\n{row(1, 1, 1, 75, 'a')}").is_sure


def test_s2_what_is_no_table_of_words_is_told_as_such() -> None:
    for said in (
        "level\ttext\n5\tx",
        f"x{HEAD}\n{row(1, 1, 1, 96, 'a')}",
        f"{HEAD}\n{row(1, 1, 1, float('nan'), 'a')}",
        f"{HEAD}\n{row(1, 1, 1, 1e9, 'a')}",
    ):
        with pytest.raises(OcrError, match="no table"):
            read_tsv(said)
    assert read_tsv("") == read_tsv(f"{HEAD}\n5\t1\t1") == PageReading("", 0.0)
    split = f"{HEAD}\n{row(1, 1, 1, 96, 'a' + chr(0x2028) + 'b')}"
    assert read_tsv(split).text == "a\u2028b"  # no line of the table ends there


def test_s2_a_program_that_prints_without_end_is_ended_and_takes_no_memory_of_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tesseract, "MOST_SAID", 1 << 16)
    with pytest.raises(OcrError, match="limit"):
        Tesseract(program(tmp_path, "cat > /dev/null; exec yes")).read(b"P5 1 1 255\n\0", 300)


def test_a_program_that_is_not_there_is_told_by_its_name() -> None:
    with pytest.raises(OcrError, match="no-such-reader"):
        Tesseract("no-such-reader").describe()


def test_without_vietnamese_data_it_says_what_there_is(tmp_path: Path) -> None:
    reader = Tesseract(program(tmp_path, 'echo "List (2):"; echo eng; echo osd'))
    with pytest.raises(OcrError, match="eng, osd"):
        reader.describe()


def test_it_is_called_without_our_environment_and_told_limits_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOA_SERVICE__SECRET_KEY", "secret")
    said = tmp_path / "said"
    script = f"cat > /dev/null; (env; ulimit -v; ulimit -t; nice; echo $*) > {said}; echo '{HEAD}'"
    Tesseract(program(tmp_path, script)).read(b"P5 1 1 255\n\0", 300)
    told = said.read_text("utf-8")
    assert "secret" not in told
    assert "OMP_THREAD_LIMIT=1" in told
    assert told.endswith(
        f"{tesseract.MEMORY_BYTES // 1024}\n{tesseract.CPU_S}\n{tesseract.NICE}\n"
        "- - -l vie --psm 3 --dpi 300 tsv\n"
    )


def test_a_program_that_fails_is_no_blank_page(tmp_path: Path) -> None:
    reader = Tesseract(program(tmp_path, "exit 3"))
    with pytest.raises(OcrError, match="3"):
        reader.read(b"P5 1 1 255\n\0", 300)
    with pytest.raises(OcrError, match="3"):
        reader.describe()


def test_a_program_that_does_not_end_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    left = tmp_path / "left"
    reader = Tesseract(program(tmp_path, f"sleep 60 & echo $! > {left}; wait"), wall_s=3)
    with pytest.raises(OcrError, match="longer"):
        reader.read(b"P5 1 1 255\n\0", 300)
    state = subprocess.run(
        ["ps", "-o", "stat=", "-p", left.read_text().strip()],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert state.stdout.strip()[:1] in ("", "Z")  # `N`: its priority is low


@pytest.mark.skipif(
    "CI" not in os.environ and not shutil.which("tesseract"),
    reason="needs tesseract-ocr and tesseract-ocr-vie",
)
def test_the_program_that_is_installed_knows_vietnamese_and_refuses_what_is_no_picture() -> None:
    reader = Tesseract("tesseract")
    assert reader.describe().startswith("tesseract ")
    with pytest.raises(OcrError):
        reader.read(b"no picture", 300)
