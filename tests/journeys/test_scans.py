"""Scanned files from the portal to the page, the mail and the search: read after the alert, marked
as such, never a key (U5)."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import orjson
import pytest
from sqlalchemy import text

from service.bootstrap import Loa
from service.poll.first_pages import FirstPages
from service.portals.tesseract import PageReading
from service.services.scan_acts import ask_for_scans
from service.settings import Settings
from service.storage.same_document import companions
from tests.fakes_pdf import make_pdf
from tests.fakes_scan import CLEAN, FONTS, MID, STAMPED, Letter, Look, draw_letter
from tests.fakes_site import OLD, PDF, PUBLISHED, UPDATED, Item, World, open_world, pdf, post_of
from tests.journeys.cli import Terminal

needs_tesseract = pytest.mark.skipif(
    "CI" not in os.environ and not (shutil.which("tesseract") and FONTS.exists()),
    reason="needs tesseract-ocr, tesseract-ocr-vie and fonts-liberation2",
)
LETTER = Letter(
    "ỦY BAN NHÂN DÂN",
    "TỈNH THANH HÓA",
    "06/CT-UBND",
    "Thanh Hóa, ngày 23 tháng 11 năm 2026",
    "CHỈ THỊ",
    "Về việc phòng, chống rét cho cây trồng, vật nuôi",
    (
        "Thực hiện Công điện số 1157/CĐ-TTg ngày 02/11/2026 của Thủ tướng Chính phủ về việc ứng "
        "phó với rét đậm, rét hại, Chủ tịch Ủy ban nhân dân tỉnh yêu cầu:",
        "1. Ủy ban nhân dân các xã, phường rà soát, gửi báo cáo trước ngày 30/11/2026.",
    ),
)
ITEM = Item("chi-thi-ve-phong-chong-ret-p4q8r2", "Chỉ thị về việc phòng, chống rét", "2026-11-23",
            "23/11/2026 | 09:30", "Chi tiết xem tệp đính kèm.", (PDF,))  # fmt: skip
NOTE = "đọc từ bản quét, cần đối chiếu bản gốc"
READING = (
    "ỦY BAN NHÂN DÂN CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM\n"
    "TỈNH THANH HÓA Độc lập - Tự do - Hạnh phúc\n"
    "Số: 06/CT-UBND Thanh Hóa, ngày 23 tháng 11 năm 2026\n"
    "CHỈ THỊ\nVề việc phòng, chống rét\n\n"
    "1. Ủy ban nhân dân các xã, phường gửi báo cáo trước ngày 30/11/2026."
)


class FakeReader:
    """Says of each picture, in turn, what a test wants it to say; asked for more, the last."""

    def __init__(self, *said: str, confidence: float = 95.0, name: str = "tesseract 5 vie") -> None:
        self._said = said
        self._confidence = confidence
        self._name = name
        self.read_pages = 0

    def describe(self) -> str:
        return self._name

    def read(self, image: bytes, dpi: int) -> PageReading:
        assert image.startswith(b"P5 ") and dpi in (200, 300)
        said = self._said[min(self.read_pages, len(self._said) - 1)]
        self.read_pages += 1
        return PageReading(said, self._confidence)


def pages_of(loa: Loa, reader: FakeReader | None) -> FirstPages:
    return FirstPages(
        loa.database, loa.archive, loa.apart, reader, loa.poller.scans_read, loa.clock
    )


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with open_world(tmp_path, polling="\n[archive]\nmin_free_mb = 0\n") as opened:
        opened.show(*OLD)
        opened.poll(0)
        yield opened


def show(world: World, body: bytes, item: Item = ITEM) -> None:
    world.site.answers[PDF] = pdf(body)
    world.show(item, *OLD)
    world.poll()


def page_of(world: World, title: str = ITEM.title) -> str:
    return world.get(f"/posts/{post_of(world, title).id}").get_data(as_text=True)


@needs_tesseract
@pytest.mark.parametrize("look", [CLEAN, MID], ids=["clean", "worn"])
@pytest.mark.timeout(180)
def test_U5_a_scan_is_read_after_its_alert_and_what_it_adds_is_an_update_marked_as_such(
    world: World, look: Look
) -> None:
    show(world, draw_letter(LETTER, look))
    assert world.alerts() == [(ITEM.title, PUBLISHED)]
    assert orjson.loads(world.payloads()[-1])["data"]["scanned"] is None
    assert world.loa.first_pages.run(5) == 1
    assert world.loa.first_pages.run(5) == 0
    world.poll()
    assert world.alerts() == [(ITEM.title, PUBLISHED), (ITEM.title, UPDATED)]
    data = orjson.loads(world.payloads()[-1])["data"]
    scanned = data["scanned"]
    assert (scanned["source"], scanned["number"]) == ("ocr", "06/CT-UBND")
    assert (scanned["issued_on"], data["document"]["number"]) == ("2026-11-23", None)
    assert [(one["on"], one["source"]) for one in data["deadlines"]] == [("2026-11-30", "ocr")]
    page = page_of(world)
    assert page.count(NOTE) == 2 and "06/CT-UBND" in page and "thông tin đọc từ bản quét" in page
    assert ITEM.title in world.get("/?q=vật+nuôi").get_data(as_text=True)


@needs_tesseract
@pytest.mark.timeout(180)
@pytest.mark.traced
def test_U5_a_number_under_a_stamp_is_not_told_but_the_day_is(world: World) -> None:
    show(world, draw_letter(LETTER, STAMPED))
    world.loa.first_pages.run(5)
    scanned = post_of(world, ITEM.title).understanding.scanned
    assert scanned is not None
    assert scanned.number in (None, "06/CT-UBND")
    assert scanned.issued_on is not None


def test_U5_a_number_that_only_one_reading_has_is_not_told(world: World) -> None:
    show(world, make_pdf())
    cut = READING.replace("06/CT-UBND", "06/CT-U")
    pages_of(world.loa, FakeReader(READING, cut)).run(5)
    scanned = post_of(world, ITEM.title).understanding.scanned
    assert scanned is not None
    assert (scanned.number, str(scanned.issued_on)) == (None, "2026-11-23")


def test_U5_a_number_from_a_scan_makes_no_two_posts_one_document(world: World) -> None:
    show(world, make_pdf())
    pages_of(world.loa, FakeReader(READING)).run(5)
    other = replace(ITEM, slug="chi-thi-so-06-x8y7z6", title="Chỉ thị số 06/CT-UBND của UBND tỉnh",
                    files=())  # fmt: skip
    world.show(other, ITEM, *OLD)
    world.poll()
    with world.loa.database.reading() as conn:
        assert companions(conn, post_of(world, ITEM.title)) == []


def test_U5_a_scan_whose_number_the_files_name_tells_too_is_that_document(world: World) -> None:
    path = "/portal/VanBan/2026-11/chi-thi-so-06.pdf"
    world.site.answers[path] = pdf(make_pdf())
    world.show(replace(ITEM, files=(path,)), *OLD)
    world.poll()
    pages_of(world.loa, FakeReader(READING)).run(5)
    document = post_of(world, ITEM.title).understanding.document
    assert document is not None
    assert (document.number, str(document.issued_on)) == ("06/CT-UBND", "2026-11-23")


def test_U5_a_scan_never_overrules_what_text_says(world: World) -> None:
    said = replace(ITEM, title="Chỉ thị số 09/CT-UBND về việc phòng, chống rét")
    show(world, make_pdf(), said)
    pages_of(world.loa, FakeReader(READING)).run(5)
    facts = post_of(world, said.title).understanding
    assert facts.document is not None
    assert facts.document.number == "09/CT-UBND"
    assert facts.scanned is not None
    assert facts.scanned.number is None


@pytest.mark.traced
def test_U5_a_scan_that_adds_nothing_of_weight_tells_nobody(world: World) -> None:
    show(world, make_pdf())
    plain = "UBND TỈNH\nThanh Hóa, ngày 23 tháng 11 năm 2026\nThư ngỏ về việc trồng cây"
    assert pages_of(world.loa, FakeReader(plain)).run(5) == 1
    world.poll()
    assert world.alerts() == [(ITEM.title, PUBLISHED)]
    assert ITEM.title in world.get("/?q=trồng+cây").get_data(as_text=True)
    assert world.get("/posts/" + post_of(world, ITEM.title).id).status_code == 200


def test_U5_an_express_stamp_on_a_scan_raises_the_urgency_with_the_word_scan(world: World) -> None:
    show(world, make_pdf())
    pages_of(world.loa, FakeReader(READING.replace("CHỈ THỊ\n", "HỎA TỐC\nCHỈ THỊ\n"))).run(5)
    facts = post_of(world, ITEM.title).understanding
    assert facts.urgency == "hoa-toc"
    assert facts.urgency_why is not None
    assert (facts.urgency_why.rule, facts.scanned and facts.scanned.urgency) == ("scan", "hoa-toc")
    assert "hỏa tốc (theo bản quét)" in page_of(world)
    assert facts.addressees == ()


def test_an_unclear_scan_says_so_and_is_read_once(world: World) -> None:
    show(world, make_pdf())
    reader = FakeReader(READING, confidence=45.0)
    assert pages_of(world.loa, reader).run(5) == 1
    assert pages_of(world.loa, reader).run(5) == 0
    assert reader.read_pages == 1
    assert "không đủ rõ để đọc" in page_of(world)


def test_without_a_reader_scans_wait_and_are_counted_and_text_pdfs_are_done(world: World) -> None:
    show(world, make_pdf())
    assert pages_of(world.loa, None).run(5) == 1  # drawn
    assert pages_of(world.loa, None).run(5) == 0
    assert "loa_scans_waiting 1.0" in world.get("/metrics").get_data(as_text=True)
    assert "/covers/" in page_of(world)
    assert pages_of(world.loa, FakeReader(READING)).run(5) == 1
    assert "loa_scans_waiting 0.0" in world.get("/metrics").get_data(as_text=True)


def test_the_first_page_is_a_picture_of_ours_and_goes_with_its_file(world: World) -> None:
    show(world, make_pdf("Chỉ thị", "về việc phòng, chống rét " * 4))
    assert pages_of(world.loa, None).run(5) == 1
    (link,) = post_of(world, ITEM.title).attachments
    answer = world.get(f"/covers/{link.sha256}.png")
    assert answer.data.startswith(b"\x89PNG")
    assert answer.content_type == "image/png"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert f"/covers/{link.sha256}.png" in page_of(world)
    world.loa.archive.folder.remove(str(link.sha256))
    assert world.get(f"/covers/{link.sha256}.png").status_code == 404
    assert world.get("/covers/x.png").status_code == 404


def test_files_whose_copy_is_gone_and_files_that_ended_their_workers_are_given_up(
    world: World,
) -> None:
    show(world, make_pdf())
    (link,) = post_of(world, ITEM.title).attachments
    world.loa.archive.folder.remove(str(link.sha256))
    done = pages_of(world.loa, FakeReader(READING)).next("tesseract 5 vie")
    assert done is not None
    assert done.error == "ocr.no_copy"


def test_loa_check_says_how_scans_are_read_and_what_to_do(tmp_path: Path) -> None:
    assert Settings().ocr.command == "tesseract"
    terminal = Terminal(tmp_path)
    terminal.environ["LOA_OCR__COMMAND"] = "no-such-program"
    said = terminal.run("check", "--offline")
    assert "no-such-program" in said.output and "apt-get install tesseract-ocr" in said.output
    terminal.environ["LOA_OCR__COMMAND"] = ""
    said = terminal.run("check", "--offline")
    assert "marked as such and not read" in said.output


@needs_tesseract
@pytest.mark.timeout(180)
def test_old_scans_are_read_by_command_and_tell_nobody_of_old_posts(world: World) -> None:
    show(world, draw_letter(LETTER))
    with world.loa.database.writing() as conn:
        conn.execute(text("DELETE FROM file_page"))
    world.clock.advance(30 * 86_400)
    reader = world.loa.first_pages.reader_name() or ""
    assert ask_for_scans(world.loa.database, world.clock(), reader) == 1
    done = world.loa.first_pages.next(reader)
    assert done is not None
    assert (done.error, done.told) == (None, 0)
    assert post_of(world, ITEM.title).understanding.scanned is not None
    assert world.alerts() == [(ITEM.title, PUBLISHED)]


@needs_tesseract
def test_loa_post_read_scans_says_what_it_did_and_what_it_cannot(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path)
    assert terminal.json("post", "read-scans") == {"asked": 0, "files": [], "waiting": 0}
    assert "no scanned file" in terminal.run("post", "read-scans", "--since", "2026-11-20").output
    assert "loa post list" in terminal.refused("post", "read-scans", "no-such-post")
    terminal.environ["LOA_OCR__COMMAND"] = ""
    assert "loa check" in terminal.refused("post", "read-scans")
