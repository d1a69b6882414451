"""What a whole post tells: addressees, places, urgency, summary, sections as hints, categories with
calendars."""

import tomllib
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.posts.gazetteer import Gazetteer
from service.posts.place_units import NOWHERE, PortalArea
from service.posts.rules import parse_rules
from service.posts.sentences import lead_of, summary_of
from service.posts.understand import Understander, urgency_of
from service.text import clean_text
from service.types import AttachmentLink, Reason, Relation, Urgency
from tests.fakes_places import parse_places
from tests.unit.test_posts_country import country, every_unit

_ROOT = Path(__file__).parents[2]
_UNDERSTANDER = Understander(
    parse_rules(tomllib.loads((_ROOT / "config" / "categories.toml").read_text("utf-8"))),
    parse_places(tomllib.loads((_ROOT / "config" / "places.toml").read_text("utf-8"))),
)
_BEFORE, _AFTER = datetime(2024, 1, 28, tzinfo=UTC), datetime(2026, 1, 28, tzinfo=UTC)
_FILE = AttachmentLink(
    "https://x.vn/portal/VanBan/2023-06/a78e75d1702156ddCt06.pdf", "Tải về", "application/pdf"
)


def test_the_seeds_article_relays_its_directive() -> None:
    title, body = (
        (_ROOT / "tests/data/seed.txt").read_text("utf-8").split("Tin mới nhất")[0].split("\n", 1)
    )
    known = _UNDERSTANDER.understand(
        title, body, attachments=[_FILE], published_at=datetime(2024, 1, 28, 2, 16, tzinfo=UTC)
    )
    assert known.document is not None
    assert (known.document.kind, known.document.number) == ("chi-thi", "06/CT-UBND")
    assert known.document.issued_on == date(2023, 6, 5)
    assert known.document.issuer == "Chủ tịch UBND huyện Quảng Xương"
    assert known.document.relation is Relation.RELAYS
    assert [m.number for m in known.mentions] == ["280/CĐ-TTg", "12-NQ/TU"]
    assert len(known.addressees) == 26
    assert known.categories[0] == "directives"
    assert known.summary.startswith("Ngày 05/6/2023, Chủ tịch UBND huyện")


def test_the_name_of_a_file_completes_a_document() -> None:
    named = AttachmentLink("https://x.vn/f/1", "06-CT-UBND.pdf", "application/pdf")
    document = _UNDERSTANDER.understand("Chỉ thị về đón Tết", "", attachments=[named]).document
    assert document is not None
    assert document.number == "06/CT-UBND"


@pytest.mark.parametrize(
    "title", ["Luật sư tư vấn miễn phí", "Hướng dẫn viên du lịch", "Báo cáo viên pháp luật gặp mặt"]
)
def test_a_noun_that_decides_nothing_is_no_document(title: str) -> None:
    assert _UNDERSTANDER.understand(title, "").document is None


def test_a_document_noun_that_decides_is_a_document_without_a_number() -> None:
    known = _UNDERSTANDER.understand("Công điện tăng cường phòng, chống dịch dịp Tết", "")
    assert known.document is not None
    assert (known.document.kind, known.document.number, known.document.relation) == (
        "cong-dien",
        None,
        Relation.IS,
    )


@pytest.mark.parametrize(
    ("words", "at", "count"),
    [
        ("UBND các xã, thị trấn", _BEFORE, 26),
        ("Uỷ ban nhân dân các xã, thị trấn", _BEFORE, 26),
        ("Chủ tịch UBND các xã, thị trấn", _BEFORE, 26),
        ("Đảng ủy, UBND các xã, thị trấn", _BEFORE, 26),
        ("UBND các xã, phường, thị trấn", _BEFORE, 26),
        ("UBND các xã", _BEFORE, 25),
        ("UBND các xã", _AFTER, 7),
        ("UBND các xã, phường", _AFTER, 8),
        ("UBND các xã, phường", None, 8),
        ("UBND các huyện, thị xã", _BEFORE, 0),
        ("các xã, thị trấn", _BEFORE, 0),
    ],
)
def test_all_communes_together_are_every_commune_of_that_day(
    words: str, at: datetime | None, count: int
) -> None:
    known = _UNDERSTANDER.understand(
        "Công văn số 5/UBND-VP", f"Kính gửi: {words} trong huyện", published_at=at
    )
    assert len(known.addressees) == count


def test_a_named_commune_is_addressed_itself_and_a_report_addresses_nobody() -> None:
    named = _UNDERSTANDER.understand(
        "V/v báo cáo", "Kính gửi: UBND xã Quảng Hợp, Đảng ủy xã Quảng Văn", published_at=_BEFORE
    )
    assert named.addressees == ("quang-hop-16471-cu", "quang-van-16474-cu")
    report = _UNDERSTANDER.understand(
        "Hội nghị giao ban", "Dự có Chủ tịch UBND các xã, thị trấn", published_at=_BEFORE
    )
    assert report.addressees == ()


def test_places_need_their_kind_and_follow_lists_and_days() -> None:
    text = (
        "UBND xã Quảng Hợp, Quảng Ngọc và Quảng Văn; tỉnh Quảng Ninh; xã Quảng Văn, thị xã Ba Đồn"
    )
    find = _UNDERSTANDER.gazetteer.find
    assert [p.id for p in find(text, date(2024, 1, 1))] == [
        "quang-hop-16471-cu",
        "quang-ngoc-16498-cu",
        "quang-van-16474-cu",
    ]
    assert [p.id for p in find("xã Quảng Ninh", date(2026, 1, 1))] == ["quang-ninh-16540"]
    assert find("Quảng Ninh: phường Quảng Ninh") == ()
    assert _UNDERSTANDER.gazetteer.successor("quang-hai-16540-cu") == "quang-ninh-16540"
    assert _UNDERSTANDER.gazetteer.successor("x") is None
    assert _UNDERSTANDER.gazetteer.get("x") is None
    assert len(_UNDERSTANDER.gazetteer.places) == 34
    assert parse_places({}).find("xã Quảng Ninh") == ()


def test_an_invitation_has_its_hour_venue_deadline_and_addressees() -> None:
    text = (
        "Vào hồi 14 giờ 00 ngày 15/6/2023, tại Hội trường UBND xã Quảng Ninh. Gửi trước ngày "
        "20/6/2023."
    )
    known = _UNDERSTANDER.understand(
        "Giấy mời họp", text, published_at=datetime(2023, 6, 1, tzinfo=UTC)
    )
    assert known.begins_at == datetime(2023, 6, 15, 7, tzinfo=UTC)
    assert known.venue == "Hội trường UBND xã Quảng Ninh"
    assert [(d.on, d.text) for d in known.deadlines] == [
        (date(2023, 6, 20), "trước ngày 20/6/2023")
    ]
    assert known.addressees == ("quang-ninh-16465-cu",)


def test_a_files_text_tells_what_the_page_does_not() -> None:
    scan = (
        "UBND HUYỆN QUẢNG XƯƠNG\nHỎA TỐC\nSố: 18/GM-UBND\nvào hồi 8 giờ 00 ngày 5/2/2024, tại "
        "Phòng họp số 1"
    )
    known = _UNDERSTANDER.understand("Giấy mời", "", attachment_text=scan, published_at=_BEFORE)
    assert known.document is not None
    assert known.document.number == "18/GM-UBND"
    assert known.urgency is Urgency.HOA_TOC
    assert (known.begins_at, known.venue) == (datetime(2024, 2, 5, 1, tzinfo=UTC), "Phòng họp số 1")


def test_a_category_asks_for_its_calendar_in_the_rules_file() -> None:
    rule = {"name": "r", "words": ["tiêm phòng"]}
    entry = {"id": "clinics", "names": {"vi": "Tiêm phòng"}, "rules": [rule]}
    text = "Vào hồi 8 giờ 00 ngày 5/2/2024, tại Trạm y tế."
    for has_calendar in (True, False):
        rules = parse_rules(
            {"fallback": "clinics", "categories": [entry | {"calendar": has_calendar}]}
        )
        known = Understander(rules, parse_places({})).understand("Tiêm phòng", text)
        assert (known.begins_at is not None) == has_calendar


def test_every_section_is_a_hint_and_the_fallbacks_gives_way() -> None:
    understand = _UNDERSTANDER.understand
    assert understand("Xóm nhỏ", "", hints=["news", "meetings", "events"]).categories == (
        "meetings",
        "events",
    )
    assert understand("Xóm nhỏ", "", hints=["news"]).categories == ("news",)
    assert understand("Xóm nhỏ", "", hints=["unknown", "directives"]).categories == ("directives",)
    assert understand("Họp giao ban", "", hints=["directives"]).categories == ("meetings",)


@pytest.mark.parametrize(
    ("text", "urgency"),
    [
        ("Công điện HỎA TỐC, thượng khẩn", Urgency.HOA_TOC),
        ("Công văn hoả tốc số 5", Urgency.HOA_TOC),
        ("Văn bản thượng khẩn; công điện khẩn", Urgency.THUONG_KHAN),
        ("Công điện khẩn", Urgency.KHAN),
        ("KHẨN: phòng chống bão", Urgency.KHAN),
        ("Văn bản (khẩn)", Urgency.KHAN),
        ("khẩn trương triển khai", Urgency.NORMAL),
        ("chỉ đạo khẩn trương, khẩn cấp", Urgency.NORMAL),
        ("", Urgency.NORMAL),
    ],
)
def test_urgency_is_the_strongest_word(text: str, urgency: Urgency) -> None:
    assert urgency_of(text)[0] is urgency


def test_urgency_may_be_stamped_on_a_file() -> None:
    stamped = urgency_of("Công văn", "UBND HUYỆN\n KHẨN \nSố: 5/UBND-VP")
    assert stamped == (Urgency.KHAN, Reason("khan", "file", "khẩn"))
    assert urgency_of("Công văn", "UBND HUYỆN\nĐề nghị khẩn trương") == (Urgency.NORMAL, None)


def test_U4_urgency_says_the_words_that_it_was_read_from() -> None:
    assert urgency_of("Công điện HỎA TỐC số 5")[1] == Reason("hoa-toc", "text", "hoả tốc")
    assert urgency_of("Công điện", "THƯỢNG KHẨN")[1] == Reason("thuong-khan", "file", "thượng khẩn")
    assert urgency_of("Công điện khẩn", "HỎA TỐC")[1] == Reason("hoa-toc", "file", "hoả tốc")


@pytest.mark.parametrize(
    ("body", "summary"),
    [
        ("Đăng ngày 28 - 01 - 2024\nMột câu dài. Hai câu. Ba câu.", "Một câu dài. Hai câu."),
        ("Họp giao ban\n100%\nSáng nay, UBND xã họp. Xong.", "Sáng nay, UBND xã họp. Xong."),
        (
            "Ảnh: Quang cảnh.\nẢnh minh họa (Nguồn: internet)\nUBND xã họp sáng 5/2.",
            "UBND xã họp sáng 5/2.",
        ),
        ("Quang cảnh hội nghị.\nĐồng chí A phát biểu (Ảnh: B)\nUBND xã họp.", "UBND xã họp."),
        ("Các đại biểu dự họp\nUBND xã họp sáng 5/2.\nLượt xem: 35", "UBND xã họp sáng 5/2."),
        ("Không có dấu chấm", "Không có dấu chấm"),
        ("", ""),
    ],
)
def test_a_summary_is_the_posts_own_first_sentences(body: str, summary: str) -> None:
    assert summary_of(body, "HỌP GIAO BAN.") == summary


def test_a_very_long_sentence_is_cut_between_words() -> None:
    summary = summary_of("từ " * 300 + "hết. Hai.")
    assert len(summary) <= 400
    assert summary.endswith("từ…")


@given(st.text(), st.text())
def test_no_word_of_a_summary_or_a_lead_is_invented(body: str, title: str) -> None:
    words = set(clean_text(body).split())
    assert set(summary_of(body, title).split()) <= words
    assert set(lead_of(body, title).split()) <= words


@given(st.text(), st.text(), st.text())
def test_no_post_breaks_the_understanding(title: str, text: str, attachment: str) -> None:
    known = _UNDERSTANDER.understand(title, text, attachment_text=attachment, published_at=_BEFORE)
    assert known.categories


def _in(area: PortalArea) -> Understander:
    return Understander(
        _UNDERSTANDER.rules, Gazetteer(every_unit(), {"cong": area}), _UNDERSTANDER.days_off
    )


@pytest.mark.parametrize(
    ("province", "words", "at", "count"),
    [
        ("38", "UBND các xã, phường", _AFTER, 166),
        ("38", "UBND các xã, phường, thị trấn", _BEFORE, 547),
        ("24", "UBND các phường", datetime(2026, 11, 29, tzinfo=UTC), 45),
        ("24", "UBND các phường", _AFTER, 33),
        ("91", "UBND các xã, phường, đặc khu", _AFTER, 102),
        ("91", "UBND các đặc khu", _AFTER, 3),
        ("", "UBND các xã, phường", _AFTER, 0),
    ],
)
def test_all_communes_together_are_those_of_the_portals_area(
    province: str, words: str, at: datetime, count: int
) -> None:
    known = _in(country().members(province) if province else NOWHERE).understand(
        "Công văn số 5/UBND-VP", f"Kính gửi: {words}", published_at=at, portal="cong"
    )
    assert len(known.addressees) == count


def test_who_took_an_old_commune_in_hears_what_a_later_text_says_of_it() -> None:
    understand = _in(country().members("75")).understand
    later = understand("Ngập tại xã Lộc Thái", "", published_at=_AFTER, portal="cong")
    assert [place.id for place in later.places] == ["loc-thai-25297-cu"]
    assert {"loc-ninh-25270-2026-04-30", "loc-ninh-25270", "loc-thai-25297-cu"} <= set(
        later.concerns
    )
    then = understand("Ngập tại xã Lộc Thái", "", published_at=_BEFORE, portal="cong")
    assert then.concerns == ("loc-thai-25297-cu",)
    assert "loc-ninh-25270" in understand("Ngập tại xã Lộc Thái", "", portal="cong").concerns


def test_a_department_is_addressed_by_name_and_is_no_place() -> None:
    known = _UNDERSTANDER.understand(
        "Công văn số 5/UBND-VP",
        "Kính gửi:\n- Sở Tài chính;\n- UBND xã Quảng Hợp.",
        published_at=_BEFORE,
    )
    assert known.addressees == ("quang-hop-16471-cu", "Sở Tài chính")
    assert known.concerns == ("quang-hop-16471-cu",)


def test_a_numbered_document_that_no_word_places_is_a_directive() -> None:
    text = "Số: 12/UBND-VX\nKính gửi: Các thôn.\nCác thôn rà soát."
    assert _UNDERSTANDER.understand("Về một việc", text).categories == ("directives",)
