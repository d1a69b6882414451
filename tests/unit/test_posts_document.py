"""Documents: every form of number is found, every other number refused, and the relation told apart."""

import tomllib
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.posts.classify import parse_rules
from service.posts.document import find_numbers, understand_document
from service.posts.places import parse_places
from service.posts.understand import Understander, summary_of, urgency_of
from service.types import Relation, Urgency

_ROOT = Path(__file__).parents[2]
_UNDERSTANDER = Understander(
    parse_rules(tomllib.loads((_ROOT / "config" / "categories.toml").read_text("utf-8"))),
    parse_places(tomllib.loads((_ROOT / "config" / "places.toml").read_text("utf-8"))),
)


@pytest.mark.parametrize(
    ("text", "kind", "number"),
    [
        ("06/CT-UBND", "chi-thi", "06/CT-UBND"),
        ("280/CĐ-TTg", "cong-dien", "280/CĐ-TTg"),
        ("1686/NQ-UBTVQH15", "nghi-quyet", "1686/NQ-UBTVQH15"),
        ("38-CT/TW", "chi-thi", "38-CT/TW"),
        ("203-CV/BTGHU", "cong-van", "203-CV/BTGHU"),
        ("1889/UBND-NN", "cong-van", "1889/UBND-NN"),
        ("4913/VP-KT", "cong-van", "4913/VP-KT"),
        ("30/2020/NĐ-CP", "nghi-dinh", "30/2020/NĐ-CP"),
        ("31/2024/QH15", "luat", "31/2024/QH15"),
        ("12/CĐ.UBND", "cong-dien", "12/CĐ.UBND"),
        ("05 –CT/TW", "chi-thi", "05-CT/TW"),
        ("704 /TB-VPUBND", "thong-bao", "704/TB-VPUBND"),
        ("18 GM-HĐND", "giay-moi", "18 GM-HĐND"),
        ("54-GM-UBND", "giay-moi", "54-GM-UBND"),
        ("19/CT-TTG", "chi-thi", "19/CT-TTG"),
        ("số 15/KH–UBND", "ke-hoach", "15/KH-UBND"),
    ],
)
def test_every_form_of_number_is_found(text: str, kind: str, number: str) -> None:
    assert [(f.kind, f.number) for f in find_numbers(f"theo {text} của")] == [(kind, number)]


@pytest.mark.parametrize("text", ["24/7", "Quý 1/2024", "nhiệm kỳ 2021-2026", "12/12 xã", "05/6/2023", "5/B-C"])
def test_what_is_no_number_is_refused(text: str) -> None:
    assert find_numbers(text) == []


@given(
    st.integers(1, 9999),
    st.sampled_from(["NQ", "QĐ", "CT", "TB", "KH", "BC", "TTr", "CĐ"]),
    st.sampled_from(["UBND", "HĐND", "TTg"]),
)
def test_a_made_number_is_found_whole(n: int, kind: str, issuer: str) -> None:
    assert [f.number for f in find_numbers(f"Thực hiện {n}/{kind}-{issuer} ngày")] == [f"{n}/{kind}-{issuer}"]


@given(st.integers(0, 9999), st.integers(0, 9999), st.sampled_from("/-."))
def test_two_numbers_are_no_document(a: int, b: int, separator: str) -> None:
    assert find_numbers(f"tỷ lệ {a}{separator}{b} xã") == []


def test_the_seeds_article_relays_its_directive() -> None:
    title, body = (_ROOT / "tests/data/seed.txt").read_text("utf-8").split("Tin mới nhất")[0].split("\n", 1)
    known = _UNDERSTANDER.understand(title, body, published_at=datetime(2024, 1, 28, 2, 16, tzinfo=UTC))
    assert known.document is not None
    assert known.document.kind == "chi-thi"
    assert known.document.number == "06/CT-UBND"
    assert known.document.issued_on == date(2023, 6, 5)
    assert known.document.issuer == "Chủ tịch UBND huyện Quảng Xương"
    assert known.document.relation is Relation.RELAYS
    assert [m.number for m in known.mentions] == ["280/CĐ-TTg", "12-NQ/TU"]
    assert len(known.addressees) == 26
    assert known.categories[0] == "directives"
    assert known.summary.startswith("Ngày 05/6/2023, Chủ tịch UBND huyện")


def test_a_title_that_is_the_document_says_so() -> None:
    document, mentions = understand_document("Luật Đất đai số 31/2024/QH15", "Theo 12-NQ/TU")
    assert document is not None
    assert (document.kind, document.number, document.relation) == ("luat", "31/2024/QH15", Relation.IS)
    assert [m.number for m in mentions] == ["12-NQ/TU"]


def test_the_attachment_completes_a_document_and_brings_in_none() -> None:
    document, _ = understand_document("Chỉ thị về đón Tết", "", "Số: 01/CT-UBND")
    assert document is not None
    assert document.number == "01/CT-UBND"
    assert understand_document("Gặp mặt", "", "Số: 01/CT-UBND")[0] is None


def test_a_document_told_of_under_its_own_noun_is_relayed() -> None:
    document, _ = understand_document(
        "Công điện khẩn", "UBND tỉnh Nghệ An vừa ban hành Công điện số 02/CĐ-UBND ngày 13/3/2019 về dịch."
    )
    assert document is not None
    assert (document.relation, document.issued_on, document.issuer) == (
        Relation.RELAYS,
        date(2019, 3, 13),
        "UBND tỉnh Nghệ An",
    )


def test_places_need_their_kind_and_follow_lists_and_days() -> None:
    text = "UBND xã Quảng Hợp, Quảng Ngọc và Quảng Văn; tỉnh Quảng Ninh; xã Quảng Văn, thị xã Ba Đồn"
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


def test_a_meeting_has_its_hour_venue_deadline_and_addressees() -> None:
    text = "Vào hồi 14 giờ 00 ngày 15/6/2023, tại Hội trường UBND xã Quảng Ninh. Gửi trước ngày 20/6/2023."
    known = _UNDERSTANDER.understand("Giấy mời họp", text, published_at=datetime(2023, 6, 1, tzinfo=UTC))
    assert known.begins_at == datetime(2023, 6, 15, 7, tzinfo=UTC)
    assert known.venue == "Hội trường UBND xã Quảng Ninh"
    assert [(d.on, d.text) for d in known.deadlines] == [(date(2023, 6, 20), "trước ngày 20/6/2023")]
    assert known.addressees == ("quang-ninh-16465-cu",)


def test_urgency_is_the_strongest_word() -> None:
    assert urgency_of("Công điện HỎA TỐC, thượng khẩn") is Urgency.HOA_TOC
    assert urgency_of("Công điện khẩn") is Urgency.KHAN
    assert urgency_of("khẩn trương") is Urgency.NORMAL


def test_a_summary_is_the_posts_own_words() -> None:
    assert summary_of("Đăng ngày 28 - 01 - 2024\nMột câu dài. Hai câu. Ba câu.") == "Một câu dài. Hai câu."
    assert summary_of("") == ""
