"""Documents: whether a post is one, relays or mentions it; what its files add; when two posts are
of one document."""

from dataclasses import replace
from datetime import date

import pytest

from service.posts.document import document_key, understand_document
from service.posts.filename import NameHint, hint_of_name
from service.posts.issuer import issuer_key
from service.posts.same import is_same_document
from service.types import Document, Mention, Relation

_TOLD = "UBND tỉnh Nghệ An vừa ban hành Công điện số 02/CĐ-UBND ngày 13/3/2019 về dịch."


def test_a_title_that_is_the_document_says_so() -> None:
    document, mentions = understand_document("Luật Đất đai số 31/2024/QH15", "Theo 12-NQ/TU")
    assert document == Document("luat", "31/2024/QH15", None, None, Relation.IS)
    assert [m.number for m in mentions] == ["12-NQ/TU"]


@pytest.mark.parametrize(
    ("title", "kind"),
    [
        ("Chỉ thị tổ chức đón Tết Nguyên đán", "chi-thi"),
        ("CÔNG ĐIỆN tăng cường phòng, chống dịch", "cong-dien"),
        ("Quảng Xương: Kế hoạch phòng chống thiên tai", "ke-hoach"),
        ("“Giấy mời” họp giao ban", "giay-moi"),
    ],
)
def test_a_title_may_name_its_kind_without_a_number(title: str, kind: str) -> None:
    assert understand_document(title, "") == (Document(kind, None, None, None, Relation.IS), ())


@pytest.mark.parametrize(
    "title", ["06/CT-UBND về đón Tết", "Số: 06/CT-UBND", "CT số 06/CT-UBND", "“Số 06/CT-UBND”"]
)
def test_a_title_that_begins_with_its_number_is_that_document(title: str) -> None:
    assert understand_document(title, "")[0] == Document(
        "chi-thi", "06/CT-UBND", None, None, Relation.IS
    )
    assert understand_document(f"Thực hiện {title}", "")[0] is None


def test_plain_words_at_a_titles_start_need_a_number() -> None:
    assert understand_document("Dự án VnSAT hỗ trợ vườn ươm", "")[0] is None
    document, _ = understand_document("Chương trình số 5/CTr-UBND về việc làm", "")
    assert document is not None
    assert document.kind == "chuong-trinh"


def test_a_document_told_of_under_its_own_noun_is_relayed() -> None:
    document, _ = understand_document("Công điện khẩn", _TOLD)
    assert document == Document(
        "cong-dien", "02/CĐ-UBND", date(2019, 3, 13), "UBND tỉnh Nghệ An", Relation.RELAYS
    )
    again, _ = understand_document("Công điện 02/CĐ-UBND", _TOLD)
    assert again == document


def test_a_document_told_of_under_another_title_is_relayed_and_others_are_mentioned() -> None:
    document, mentions = understand_document(
        "Chủ động phòng dịch", f"{_TOLD} Theo 34-CT/TW và số 34 – CT/TW."
    )
    assert document is not None
    assert (document.number, document.relation) == ("02/CĐ-UBND", Relation.RELAYS)
    assert [(m.kind, m.number) for m in mentions] == [("chi-thi", "34-CT/TW")]


def test_a_number_alone_is_a_mention() -> None:
    document, mentions = understand_document(
        "Hội nghị tổng kết 15 năm thực hiện Chỉ thị số 38-CT/TW", ""
    )
    assert document is None
    assert mentions == (Mention("chi-thi", "38-CT/TW", None, None),)


def test_another_kind_told_of_is_a_mention() -> None:
    document, mentions = understand_document("Kế hoạch phòng dịch", _TOLD)
    assert document == Document("ke-hoach", None, None, None, Relation.IS)
    assert [m.number for m in mentions] == ["02/CĐ-UBND"]


def test_a_files_text_completes_a_document_and_brings_in_none() -> None:
    document, _ = understand_document("Chỉ thị về đón Tết", "", "Số: 01/CT-UBND")
    assert document is not None
    assert document.number == "01/CT-UBND"
    assert understand_document("Gặp mặt", "", "Số: 01/CT-UBND")[0] is None


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("06-CT-UBND.pdf", NameHint("chi-thi", 6, "06/CT-UBND")),
        ("280_CD_TTg (1).pdf", NameHint("cong-dien", 280, "280/CĐ-TTg")),
        ("38-CT-TW.pdf", NameHint("chi-thi", 38, "38-CT/TW")),
        ("so 5 HD UBND huyen", NameHint("huong-dan", 5, "5/HD-UBND")),
        ("128-2025-QD-UBND.signed.pdf", NameHint("quyet-dinh", 128, "128/2025/QĐ-UBND")),
        (
            "https://x.vn/portal/VanBan/2023-06/a78e75d1702156ddCt06.pdf",
            NameHint("chi-thi", 6, None),
        ),
        (
            "a78e75d1702156ddCh%E1%BB%89%20th%E1%BB%8B%20%20s%E1%BB%91%2006.pdf",
            NameHint("chi-thi", 6, None),
        ),
        ("Giấy mời 54.doc", NameHint("giay-moi", 54, None)),
        ("KH 15", NameHint("ke-hoach", 15, None)),
        ("scan0001.pdf", None),
        ("IMG_2023.jpg", None),
        ("", None),
    ],
)
def test_a_files_name_hints_at_kind_and_number(name: str, hint: NameHint | None) -> None:
    assert hint_of_name(name) == hint


def test_a_files_name_completes_a_document_and_never_overrules_the_title() -> None:
    document, _ = understand_document("Chỉ thị về đón Tết", "", names=["06-CT-UBND.pdf"])
    assert document == Document("chi-thi", "06/CT-UBND", None, None, Relation.IS)
    other, _ = understand_document("Chỉ thị số 7/CT-UBND", "", names=["06-CT-UBND.pdf"])
    assert other is not None
    assert other.number == "7/CT-UBND"
    assert understand_document("Gặp mặt đầu xuân", "", names=["06-CT-UBND.pdf"]) == (None, ())


def test_a_files_name_picks_among_the_documents_that_a_text_names() -> None:
    text = "Căn cứ Chỉ thị số 5/CT-TTg và Chỉ thị số 06/CT-UBND của UBND huyện, các xã thực hiện."
    relayed, mentions = understand_document(
        "Siết chặt kỷ cương", text, names=["a78e75d1702156ddCt06.pdf"]
    )
    assert relayed is not None
    assert (relayed.number, relayed.relation) == ("06/CT-UBND", Relation.RELAYS)
    assert [m.number for m in mentions] == ["5/CT-TTg"]
    titled, _ = understand_document("Chỉ thị về kỷ cương", text, names=["Ct06.pdf"])
    assert titled is not None
    assert titled.number == "06/CT-UBND"


def test_one_document_on_two_portals_is_linked_by_number_issuer_and_date() -> None:
    one = Document(
        "giay-moi", "18 GM-HĐND", date(2024, 1, 5), "Chủ tịch UBND huyện Nga Sơn", Relation.IS
    )
    other = Mention("giay-moi", "18/GM–HĐND", date(2024, 1, 5), "Ủy ban nhân dân huyện Nga Sơn")
    assert document_key(one) == document_key(other) == "18/gm/hđnd"
    assert is_same_document(one, other)
    assert not is_same_document(one, replace(other, issued_on=date(2023, 1, 5)))
    assert not is_same_document(one, replace(other, issuer="UBND huyện Hà Trung"))
    assert not is_same_document(one, Mention("giay-moi", "18/GM-HĐND"))
    assert not is_same_document(replace(one, number=None), replace(one, number=None))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("05/KH-UBND", "UBND xã A"), ("05/KH-UBND", "UBND xã B")),
        (("05/KH-UBND", "UBND xã"), ("05/KH-UBND", "UBND xã")),
        (("05/KH-UBND", "UBND xã A"), ("05/KH-UBND", None)),
        (("05/KH-UBND", None), ("05/KH-UBND", None)),
        (("12-NQ/ĐU", "Đảng ủy xã"), ("12-NQ/ĐU", "Đảng ủy xã")),
        (("12-NQ/TU", None), ("12-NQ/TU", "Tỉnh ủy")),
        (("77/SNV-CCVC", "Sở Nội vụ"), ("77/SNV-CCVC", "Sở Nội vụ")),
        (("5/BC-BCH", None), ("5/BC-BCH", None)),
    ],
)
def test_L21_two_issuers_of_one_number_and_day_are_never_joined(
    one: tuple[str, str | None], other: tuple[str, str | None]
) -> None:
    day = date(2026, 1, 5)
    documents = [Mention("ke-hoach", number, day, issuer) for number, issuer in (one, other)]
    assert not is_same_document(*documents)


@pytest.mark.parametrize(
    ("number", "one", "other"),
    [
        ("280/CĐ-TTg", None, None),
        ("38-CT/TW", None, "Ban Bí thư"),
        ("30/2020/NĐ-CP", "Chính phủ", None),
        ("7788/BYT-DP", None, None),
        ("05/KH-UBND", "UBND xã Lưu Vệ", "Chủ tịch Ủy ban nhân dân xã Lưu Vệ"),
        ("12-NQ/TU", "Tỉnh ủy Thanh Hóa", "Ban Thường vụ Tỉnh ủy Thanh Hóa"),
        ("2101/TB-CAT", "Công an tỉnh Thanh Hóa", "Công an tỉnh Thanh Hoá"),
        (
            "5120/SNNMT-PTNT",
            "Sở Nông nghiệp và Môi trường tỉnh Thanh Hóa",
            "Sở Nông nghiệp và Môi trường tỉnh Thanh Hóa",
        ),
    ],
)
def test_L21_one_number_of_one_office_is_one_document(
    number: str, one: str | None, other: str | None
) -> None:
    day = date(2026, 1, 5)
    assert is_same_document(Mention(None, number, day, one), Mention(None, number, day, other))


def test_an_organ_is_the_same_under_its_chair_and_its_long_name() -> None:
    assert issuer_key("Thủ tướng Chính phủ") == issuer_key("Chính phủ")
    assert issuer_key("Thường trực Hội đồng nhân dân xã A") == issuer_key("HĐND xã A")
    assert issuer_key("Văn phòng UBND tỉnh") != issuer_key("UBND tỉnh")


def test_the_day_of_a_document_is_that_of_its_files_heading() -> None:
    heading = "UBND HUYỆN\nSố: 07/CT-UBND\nQuảng Xương, ngày 23 tháng 11 năm 2026\nCHỈ THỊ"
    document, _ = understand_document("Chỉ thị về phòng chống bão", "", heading)
    assert document is not None
    assert (document.number, document.issued_on) == ("07/CT-UBND", date(2026, 11, 23))


def test_the_heading_of_another_document_gives_no_day() -> None:
    heading = "Số: 08/CT-UBND\nQuảng Xương, ngày 23 tháng 11 năm 2026"
    document, _ = understand_document("Chỉ thị số 07/CT-UBND về phòng chống bão", "", heading)
    assert document is not None
    assert document.issued_on is None


def test_a_mark_in_brackets_before_a_title_hides_no_document() -> None:
    document, _ = understand_document("[Thử nghiệm] Chỉ thị kiểm tra đường truyền", "")
    assert document is not None
    assert (document.kind, document.relation) == ("chi-thi", Relation.IS)
