"""What is believed of two readings of a scan's heading, and what a scan adds to a post (U5)."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from service.posts.rules import parse_rules
from service.posts.scanned import adds, mend, number_of, read_scan_heading
from service.posts.understand import Understander
from service.types import (
    OCR,
    AttachmentLink,
    Deadline,
    Document,
    Relation,
    ScannedFacts,
    ScanReading,
    Understanding,
    Urgency,
)
from tests.fakes_places import parse_places

CONFIG = Path(__file__).parents[2] / "config"
UNDERSTANDER = Understander(
    parse_rules(tomllib.loads((CONFIG / "categories.toml").read_text("utf-8"))),
    parse_places(tomllib.loads((CONFIG / "places.toml").read_text("utf-8"))),
)
AT = datetime(2026, 11, 24, 2, tzinfo=UTC)
DAY = "Thanh Hóa, ngày 23 tháng 11 năm 2026"


def heading(number: str, day: str = DAY, kind: str = "CHỈ THỊ") -> str:
    return (
        "ỦY BAN NHÂN DÂN CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM\n"
        f"TỈNH THANH HÓA Độc lập - Tự do - Hạnh phúc\n{number} {day}\n{kind}\nVề việc chống rét\n\n"
        "Thực hiện Công điện số 1157/CĐ-TTg ngày 02/11/2026 của Thủ tướng Chính phủ;\n"
        "1. Ủy ban nhân dân các xã, phường gửi báo cáo trước ngày 30/ 11/2026."
    )


def scan(first: str, second: str | None = None) -> ScanReading:
    return ScanReading("f" * 64, first, first if second is None else second, 95.0)


@pytest.mark.parametrize(
    ("first", "second", "number"),
    [
        ("Số: 06/CT-UBND", "Số: 06/CT-UBND", "06/CT-UBND"),
        ("Số: 12/CĐÐ-UBND", "Số: 12/CĐ-UBND", "12/CĐ-UBND"),
        ("_ Só 704/TB-UBND _", "' Số: 704/TB-UBND |", "704/TB-UBND"),
        ("Số: 38-CT/TU - ", "Số: 38-CT/TU", "38-CT/TU"),
        ("Số: 06CT-UBND", "Số: 06/CT-UBND", "06/CT-UBND"),
        ("Số: 06//CT-UBND", "Số: 06/CT-UBND", "06/CT-UBND"),
        ("Số: 06/CT-UBND", "Số: 06/CI-UBND", "06/CT-UBND"),
        ("Số: 88/TIr-SNN", "Số: 88/TTr-SNN", "88/TTr-SNN"),
        ("Số: 06/CI-UBND", "Số: 06/CI-UBND", None),
        ("Số: 06/CT-U", "Số: 06/CT-UBND", None),
        ("Số: 06/CT-UBND", "Số: 06/CT-U", None),
        ("Số: 38-CT/TV", "Số: 38-CT/TU", None),
        ("Số: 06/CT-UBND", "Số: 16/CT-UBND", None),
        ("Số: 06/CT-UBND", "Số: 06/CT-UBND-NN", None),
        ("Số: 06/CT-UBND", "", None),
        ("Số:      /CT-UBND", "Số:      /CT-UBND", None),
        ("Số: 06CT-UBND", "Số: 06CT-UBND", None),
    ],
)
def test_U5_a_number_counts_only_where_both_readings_have_all_of_it(
    first: str, second: str, number: str | None
) -> None:
    read = read_scan_heading(scan(heading(first), heading(second)))
    assert read.number == number
    assert read.kind == ("chi-thi" if number is None else read.kind)
    assert read.issued_on == date(2026, 11, 23)


def test_U5_a_day_that_the_readings_tell_differently_is_none() -> None:
    other = heading("Số: 06/CT-UBND", "Thanh Hóa, ngày 28 tháng 11 năm 2026")
    read = read_scan_heading(scan(heading("Số: 06/CT-UBND"), other))
    assert (read.number, read.issued_on) == ("06/CT-UBND", None)
    assert read.words.startswith("Số: 06/CT-UBND")


def test_U5_a_reading_without_a_heading_says_nothing() -> None:
    read = read_scan_heading(scan("Thư ngỏ gửi bà con"))
    assert (read.kind, read.number, read.issued_on, read.words) == (None, None, None, "")


def test_U5_what_stands_below_the_heading_is_no_own_number() -> None:
    text = "\n".join(["Lời nói đầu"] * 20 + ["Số: 06/CT-UBND"])
    assert read_scan_heading(scan(text)).number is None


def test_marks_that_stand_alone_and_split_days_are_mended_words_are_not() -> None:
    assert mend("biếu diễn ngày 1 /2/ 2026") == "biếu diễn ngày 1/2/2026"


def understand(
    title: str, text: str = "", *scans: ScanReading, names: tuple[str, ...] = ()
) -> Understanding:
    links = tuple(AttachmentLink(f"https://h.example/{n}", n, "application/pdf") for n in names)
    return UNDERSTANDER.understand(
        title, text, attachments=links, published_at=AT, scans=scans or (scan(heading("Số: 06/CT-UBND")),)
    )  # fmt: skip


def test_U5_a_scan_completes_what_is_open_and_marks_it() -> None:
    facts = understand("Chỉ thị về việc chống rét")
    assert facts.scanned is not None
    assert (facts.scanned.source, facts.scanned.number) == (OCR, "06/CT-UBND")
    assert (facts.scanned.kind, facts.scanned.issued_on) == (None, date(2026, 11, 23))
    assert facts.document is not None
    assert facts.document.number is None
    assert [(one.on, one.source) for one in facts.deadlines] == [(date(2026, 11, 30), OCR)]
    assert facts.addressees == ()
    assert number_of(facts.document, facts.scanned) == "06/CT-UBND"
    assert number_of(None, None) == ""


def test_U5_a_scan_of_a_post_that_names_no_document_gives_its_kind() -> None:
    facts = understand("Tăng cường phòng, chống rét cho vật nuôi")
    assert facts.scanned is not None
    assert (facts.scanned.kind, facts.scanned.number) == ("chi-thi", "06/CT-UBND")


def test_U5_a_scan_of_another_kind_than_the_titles_gives_no_number() -> None:
    facts = understand("Kế hoạch phòng, chống rét cho vật nuôi")
    assert facts.scanned is not None
    assert facts.scanned.number is None


def test_U5_a_deadline_that_text_says_is_not_said_again() -> None:
    facts = understand("Chỉ thị về việc chống rét", "Các xã gửi báo cáo trước ngày 30/11/2026.")
    assert [one.source for one in facts.deadlines if one.on == date(2026, 11, 30)] == [None]


@pytest.mark.parametrize(
    ("text", "names"),
    [("", ("chi-thi-so-6.pdf",)), ("Nội dung Chỉ thị: số 06/CT-UBND xem tệp kèm theo.", ())],
)
def test_U5_a_number_that_a_name_or_a_text_tells_too_is_the_documents(
    text: str, names: tuple[str, ...]
) -> None:
    document = understand("Chỉ thị về việc chống rét", text, names=names).document
    assert document is not None
    assert document.number == "06/CT-UBND"


def test_U5_a_scan_raises_the_urgency_and_never_lowers_it_nor_what_a_person_decided() -> None:
    express = scan(heading("Số: 06/CT-UBND", kind="HỎA TỐC\nCHỈ THỊ"))
    facts = understand("Chỉ thị về việc chống rét", "", express)
    assert (facts.urgency, facts.urgency_why and facts.urgency_why.rule) == (
        Urgency.HOA_TOC,
        "scan",
    )
    assert facts.scanned is not None
    assert facts.scanned.urgency == "hoa-toc"
    said = understand("Hỏa tốc: Chỉ thị về việc chống rét", "", scan(heading("Số: 06/CT-UBND")))
    assert (said.urgency, said.scanned and said.scanned.urgency) == (Urgency.HOA_TOC, None)


def test_U5_several_scans_are_read_by_the_one_that_has_a_number() -> None:
    facts = understand(
        "Chỉ thị về việc chống rét", "", scan("Phụ lục"), scan(heading("Số: 06/CT-UBND"))
    )
    assert facts.scanned is not None
    assert facts.scanned.number == "06/CT-UBND"


def test_U5_a_scan_that_says_nothing_adds_nothing() -> None:
    assert understand("Thư ngỏ về việc trồng cây", "", scan("Kính gửi bà con")).scanned is None


BEFORE = Understanding(("directives",), document=Document("chi-thi", None, None, None, Relation.IS))
SCANNED = ScannedFacts("f" * 64, None, None, None, None, "", 95.0)
DUE = Deadline(date(2026, 11, 30), "trước ngày 30/11/2026", source=OCR)
TODAY = date(2026, 11, 24)


@pytest.mark.parametrize(
    ("after", "is_news"),
    [
        (BEFORE, False),
        (replace(BEFORE, scanned=SCANNED), False),
        (replace(BEFORE, scanned=replace(SCANNED, issued_on=TODAY)), False),
        (replace(BEFORE, scanned=replace(SCANNED, number="06/CT-UBND")), True),
        (replace(BEFORE, scanned=replace(SCANNED, urgency="khan"), urgency=Urgency.KHAN), True),
        (replace(BEFORE, scanned=replace(SCANNED, urgency="khan")), False),
        (replace(BEFORE, scanned=SCANNED, deadlines=(DUE,)), True),
        (replace(BEFORE, scanned=SCANNED, deadlines=(replace(DUE, on=date(2026, 11, 1)),)), False),
        (replace(BEFORE, scanned=SCANNED, deadlines=(replace(DUE, source=None),)), False),
        (replace(BEFORE, scanned=SCANNED, deadlines=(replace(DUE, on=None, recurs="FREQ=DAILY"),)), True),
    ],
)  # fmt: skip
def test_U5_only_a_number_a_deadline_ahead_or_an_urgency_is_told_again(
    after: Understanding, is_news: bool
) -> None:
    assert adds(BEFORE, after, TODAY) is is_news
    assert not adds(after, after, TODAY)
