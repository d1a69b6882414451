"""Numbers of documents: every kind and every form of domain.md is found, every other number
refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.posts.kinds import ABBREVIATIONS, KIND_NAMES, KIND_OF_ABBREVIATION
from service.posts.numbers import find_numbers, normalise_number, number_key

_STATE = """
    NQ nghi-quyet QĐ quyet-dinh CT chi-thi QC quy-che QyĐ quy-dinh TC thong-cao TB thong-bao HD huong-dan
    CTr chuong-trinh KH ke-hoach PA phuong-an ĐA de-an DA du-an BC bao-cao BB bien-ban TTr to-trinh HĐ hop-dong
    CĐ cong-dien BGN ban-ghi-nho BTT ban-thoa-thuan GUQ giay-uy-quyen GM giay-moi GGT giay-gioi-thieu
    GNP giay-nghi-phep PG phieu-gui PC phieu-chuyen PB phieu-bao
"""
_PARTY = """
    NQ nghi-quyet QĐ quyet-dinh CT chi-thi KL ket-luan QC quy-che QĐi quy-dinh TT thong-tri HD huong-dan
    TB thong-bao BC bao-cao KH ke-hoach CTr chuong-trinh ĐA de-an TTr to-trinh CV cong-van CTHĐ chuong-trinh
"""
_LEGAL = """
    NĐ nghi-dinh TT thong-tu TTLT thong-tu-lien-tich QĐ quyet-dinh NQ nghi-quyet CT chi-thi PL phap-lenh
"""


def _pairs(table: str) -> list[tuple[str, str]]:
    words = table.split()
    return list(zip(words[::2], words[1::2], strict=True))


def _only(text: str) -> tuple[str, str]:
    (found,) = find_numbers(text)
    return found.kind, found.number


def test_the_decree_knows_29_kinds() -> None:
    assert len(_pairs(_STATE)) + len({"cong-van", "thu-cong"}) == 29
    assert {kind for _, kind in _pairs(_STATE)} | {"cong-van", "thu-cong", "luat"} <= set(
        KIND_NAMES
    )


@pytest.mark.parametrize(("letters", "kind"), _pairs(_STATE))
def test_every_kind_of_the_state_by_its_letters(letters: str, kind: str) -> None:
    assert _only(f"Thực hiện 06/{letters}-UBND của") == (kind, f"06/{letters}-UBND")


@pytest.mark.parametrize(("letters", "kind"), _pairs(_PARTY))
@pytest.mark.parametrize("issuer", ["TW", "TU", "HU", "ĐU", "BTGHU"])
def test_every_kind_of_the_party_by_its_letters(letters: str, kind: str, issuer: str) -> None:
    assert _only(f"theo 38-{letters}/{issuer}, ngày") == (kind, f"38-{letters}/{issuer}")


@pytest.mark.parametrize(("letters", "kind"), _pairs(_LEGAL))
def test_every_legal_kind_by_its_letters(letters: str, kind: str) -> None:
    assert _only(f"căn cứ 30/2020/{letters}-CP về") == (kind, f"30/2020/{letters}-CP")


@pytest.mark.parametrize(
    "name", [name for slug, name in KIND_NAMES.items() if slug not in ("luat", "thu-cong")]
)
def test_the_noun_before_a_number_tells_the_kind(name: str) -> None:
    assert KIND_NAMES[_only(f"ban hành {name} số 12/UBND-VP ngày")[0]] == name


@pytest.mark.parametrize(
    ("text", "kind", "number"),
    [
        ("06/CT-UBND", "chi-thi", "06/CT-UBND"),
        ("280/CĐ-TTg", "cong-dien", "280/CĐ-TTg"),
        ("1686/NQ-UBTVQH15", "nghi-quyet", "1686/NQ-UBTVQH15"),
        ("38-CT/TW", "chi-thi", "38-CT/TW"),
        ("12-NQ/TU", "nghi-quyet", "12-NQ/TU"),
        ("203-CV/BTGHU", "cong-van", "203-CV/BTGHU"),
        ("1889/UBND-NN", "cong-van", "1889/UBND-NN"),
        ("4913/VP-KT", "cong-van", "4913/VP-KT"),
        ("30/2020/NĐ-CP", "nghi-dinh", "30/2020/NĐ-CP"),
        ("128/2025/QĐ-UBND", "quyet-dinh", "128/2025/QĐ-UBND"),
        ("31/2024/QH15", "luat", "31/2024/QH15"),
        ("36a/NQ-CP", "nghi-quyet", "36a/NQ-CP"),
        ("12/CĐ.UBND", "cong-dien", "12/CĐ.UBND"),
        ("05 –CT/TW", "chi-thi", "05-CT/TW"),
        ("704 /TB-VPUBND", "thong-bao", "704/TB-VPUBND"),
        ("18 GM-HĐND", "giay-moi", "18 GM-HĐND"),
        ("54-GM-UBND", "giay-moi", "54-GM-UBND"),
        ("19/CT-TTG", "chi-thi", "19/CT-TTG"),
        ("số 15/KH–UBND", "ke-hoach", "15/KH-UBND"),
        ("909/QÐ-UBND", "quyet-dinh", "909/QĐ-UBND"),
    ],
)
def test_every_form_of_number_is_found(text: str, kind: str, number: str) -> None:
    assert _only(f"theo {text} của") == (kind, number)


@pytest.mark.parametrize(
    "text",
    [
        "24/7",
        "Quý 1/2024",
        "nhiệm kỳ 2021-2026",
        "12/12 xã",
        "05/6/2023",
        "17.7.2017",
        "19-2-2022",
        "2016 – 2021",
        "10/2018 - 10/2021",
        "30/4 - 1/5",
        "đường tỉnh 760",
        "Covid-19",
        "APEC-14",
        "QL-1A",
        "5/B-C",
        "ngày 05 tháng 11 năm 2026",
        "1,5/2 ha",
        "tăng 12,5%/năm",
    ],
)
def test_what_is_no_number_is_refused(text: str) -> None:
    assert find_numbers(f"Kết quả {text} đạt") == []


_N = st.integers(1, 99_999)
_ISSUER = st.sampled_from(["UBND", "HĐND", "TTg", "BNV", "UBTVQH15", "SNN", "VPUBND", "BCĐ"])
_LETTERS = st.sampled_from(sorted(set(ABBREVIATIONS.values()) - {"L", "QH", "TTri"}))
_DASH = st.sampled_from(["-", "–", " - ", "- "])


@given(_N, _LETTERS, _ISSUER, _DASH)
def test_a_made_state_number_is_found_whole(n: int, letters: str, issuer: str, dash: str) -> None:
    kind, number = _only(f"Thực hiện {n}/{letters}{dash}{issuer} ngày 5/6/2023")
    assert number == f"{n}/{letters}-{issuer}"
    assert kind == KIND_OF_ABBREVIATION[letters.lower()]


@given(_N, _LETTERS, st.sampled_from(["TW", "TU", "HU", "ĐU", "BTVTU"]))
def test_a_made_party_number_is_found_whole(n: int, letters: str, issuer: str) -> None:
    assert _only(f"Nội dung {n}-{letters}/{issuer}; xem")[1] == f"{n}-{letters}/{issuer}"


@given(
    _N,
    st.integers(1990, 2030),
    st.sampled_from(["NĐ", "TT", "QĐ", "NQ"]),
    st.sampled_from(["CP", "TTg", "BTC"]),
)
def test_a_made_legal_number_is_found_whole(n: int, year: int, letters: str, issuer: str) -> None:
    assert _only(f"({n}/{year}/{letters}-{issuer})")[1] == f"{n}/{year}/{letters}-{issuer}"


@given(st.integers(0, 9999), st.integers(0, 9999), st.sampled_from("/-.:,"))
def test_two_numbers_are_no_document(a: int, b: int, separator: str) -> None:
    assert find_numbers(f"tỷ lệ {a}{separator}{b} xã") == []


@given(
    st.dates(),
    st.sampled_from(
        ["{0.day}/{0.month}/{0.year}", "{0.day}-{0.month}-{0.year}", "{0.day}.{0.month}.{0.year}"]
    ),
)
def test_no_date_is_a_document(day: object, form: str) -> None:
    assert find_numbers(f"Ngày {form.format(day)} UBND") == []


@given(st.integers(1900, 2100), st.integers(0, 10))
def test_no_span_of_years_is_a_document(year: int, more: int) -> None:
    assert find_numbers(f"giai đoạn {year}-{year + more}, Quý 2/{year}") == []


@given(st.text())
def test_no_text_breaks_the_search_for_numbers(text: str) -> None:
    for found in find_numbers(text):
        assert number_key(found.number) == number_key(normalise_number(found.number))


def test_the_writings_of_one_number_share_a_key() -> None:
    assert (
        len({number_key(n) for n in ("18 GM-HĐND", "18/GM–HĐND", "18-gm/HÐND", "18/ GM - HĐND")})
        == 1
    )
    assert number_key("18/GM-HĐND") != number_key("18/GM-UBND")


def test_issuer_and_day_stand_around_the_number() -> None:
    (after,) = find_numbers(
        "Quyết định số 909/QĐ-UBND ngày 18/3/2015 của Chủ tịch UBND tỉnh Thanh Hóa về việc"
    )
    assert (str(after.issued_on), after.issuer) == ("2015-03-18", "Chủ tịch UBND tỉnh Thanh Hóa")
    (before,) = find_numbers(
        "Ngày 05/6/2023, Huyện ủy Quảng Xương đã ban hành Công văn số 203-CV/HU gửi các xã."
    )
    assert (str(before.issued_on), before.issuer) == ("2023-06-05", "Huyện ủy Quảng Xương")
    (person,) = find_numbers("UBND huyện Nga Sơn Nguyễn Văn An vừa ký Kế hoạch số 5/KH-UBND")
    assert person.issuer == "UBND huyện Nga Sơn"
    (nobody,) = find_numbers("Theo Kế hoạch số 5/KH-UBND.")
    assert (nobody.issued_on, nobody.issuer) == (None, None)


def test_F13_two_bars_are_one_in_a_kind_and_two_in_the_letters_of_land_offices() -> None:
    assert normalise_number("5/QÐĐ-UBND") == "5/QĐ-UBND"
    assert normalise_number("3651/SNNMT-QLĐĐ") == "3651/SNNMT-QLĐĐ"
    assert normalise_number("12/CNVPÐKÐĐ") == "12/CNVPĐKĐĐ"
