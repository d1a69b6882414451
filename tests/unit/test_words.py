"""What is stored is a code with facts, and every code has its words in both languages."""

from __future__ import annotations

import ast
import re
from enum import StrEnum
from pathlib import Path
from string import Formatter

import pytest
from hypothesis import given
from hypothesis import strategies as st

import service
from service.alerts.owing import UNDER
from service.alerts.receipt_rules import Line
from service.errors import FetchError
from service.poll.notice import MOVED, RECOVERED
from service.services.alarm_acts import KINDS
from service.storage.bounces import REASONS
from service.storage.explanation import ExplanationCode
from service.types import (
    ChangeType,
    Frequency,
    Outcome,
    Relation,
    State,
    SubscriptionStatus,
    Urgency,
)
from service.words import (
    OTHER,
    code_of,
    coded,
    kind_name,
    label,
    labels_of,
    parse_coded,
    say,
    say_fields,
)
from service.words.coded import Fact
from service.words.labels import LABELS
from service.words.say import SENTENCES
from service.words.sentences_match import FIELDS
from service.words.word_tables import joined

ROOT = Path(service.__file__).parent
VIETNAMESE = re.compile(
    "[àáảãạăằắẳẵặâầấẩẫậèéẻẽẹêềếểễệìíỉĩịòóỏõọôồốổỗộơờớởỡợùúủũụưừứửữựỳýỷỹỵđ]", re.IGNORECASE
)
OTHER_SPELLING = re.compile(r"\b\w*(?:o[àáảãạ]|o[èéẻẽẹ]|u[ỳýỷỹỵ])\b", re.IGNORECASE)
"""A tone over the second vowel of an open syllable, as in `khoá`; `qu` is a consonant."""
CODE = re.compile(r"[a-z]+(?:\.[a-z0-9_]+)+")
FACTS = st.dictionaries(
    st.from_regex(r"[a-z_]{1,12}", fullmatch=True),
    st.one_of(
        st.text(max_size=40),
        st.integers(-(10**9), 10**9),
        st.lists(st.text(max_size=10), max_size=3),
    ),
    max_size=4,
)


def fields(sentence: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(sentence) if name}


def test_every_code_is_said_in_both_languages_with_the_same_facts() -> None:
    for code, (vi, en) in {**SENTENCES, **FIELDS, **LABELS}.items():
        assert vi and en, code
        assert fields(vi) == fields(en), code
        assert not VIETNAMESE.search(en), code
        assert not other_spelling(vi), (code, "one spelling: khóa, hủy, xóa")


def printable(said: object) -> object:
    """A fact as it is stored: no control character of others reaches a log or a terminal (D8)."""
    if isinstance(said, list):
        return [printable(one) for one in said]
    if isinstance(said, str):
        return "".join(char if char.isprintable() else " " for char in said)
    return said


@given(st.sampled_from(sorted(SENTENCES)), FACTS, st.sampled_from(["vi", "en", "lo"]))
def test_what_is_coded_is_read_back_and_said_whatever_its_facts(
    code: str, facts: dict[str, Fact], lang: str
) -> None:
    stored = coded(code, **facts)

    def plain(fact: object) -> object:
        if isinstance(fact, list):
            return [plain(one) for one in fact]
        return (
            "".join(c if c.isprintable() else " " for c in fact) if isinstance(fact, str) else fact
        )

    assert parse_coded(stored) == (code, {name: plain(fact) for name, fact in facts.items()})
    assert code_of(stored) == code
    assert "{" not in say(stored, lang) or any("{" in str(fact) for fact in facts.values())


@given(st.text())
def test_what_is_no_code_is_said_word_for_word(words: str) -> None:
    code, facts = parse_coded(words)
    if code == OTHER and facts.get("words") == words:
        assert say(words, "en") == words == say(words, "vi")
    assert isinstance(say(words, "vi"), str)


def test_a_code_of_a_newer_loa_is_shown_as_it_is_stored() -> None:
    assert say("webhook.of_tomorrow", "vi") == "webhook.of_tomorrow"
    assert say(None, "vi") == say("", "en") == ""


def test_a_sentence_cannot_be_stored_as_a_code() -> None:
    with pytest.raises(ValueError, match="no code"):
        coded("đăng ký đã được gỡ bỏ")


def test_a_reason_within_a_reason_is_said_in_the_same_language() -> None:
    stored = coded("relay.gave_up", reason=coded("relay.lost", reason="relay.silent"), n=3)
    assert say(stored, "vi") == "mất kết nối khi đang giao thư: nó không trả lời kịp; đã thử 3 lần"
    assert say(stored, "en").endswith("it did not answer in time; tried 3 times")


def test_an_instant_is_said_in_local_time() -> None:
    stored = coded("alarm.delivery_late_text", since_at="2026-11-23T03:00:00+00:00")
    assert "10:00 ngày 23/11/2026" in say(stored, "vi")
    assert "10:00 on 23 November 2026" in say(stored, "en")
    assert "?" in say("alarm.delivery_late_text", "vi")
    assert "today" in say(coded("alarm.delivery_late_text", since_at="today"), "en")


def test_only_what_is_coded_in_a_shape_is_said() -> None:
    shape = {
        "reason": "by.erasure",
        "title": "by.erasure",
        "attempts": [{"detail": "webhook.tls", "n": 1}],
        "error": None,
    }
    assert say_fields(shape, "en") == {
        "reason": "its owner's data was erased on request",
        "title": "by.erasure",
        "attempts": [{"detail": "the certificate or TLS connection cannot be used", "n": 1}],
        "error": None,
    }


def test_an_exception_says_its_reason_in_english_and_keeps_the_code() -> None:
    error = FetchError(coded("fetch.cut", url="https://a.example/"), Outcome.NETWORK)
    assert str(error) == "cannot fetch 'https://a.example/': the answer ends in its middle"
    assert code_of(error.reason) == "fetch.cut"


def codes_in(path: Path) -> set[str]:
    """The codes that a module writes: constants of that form whose first part is one of the
    catalogue's."""
    rooms = {code.partition(".")[0] for code in SENTENCES} - {"other"}
    constants = {
        node.value for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }  # fmt: skip
    return {
        one
        for one in constants
        if CODE.fullmatch(one) and one[-1] != "_" and one.partition(".")[0] in rooms
    }


NO_CODES = {
    "subscription.confirm",
    "subscription.test",
    "subscription.id",
    "archive.folder",
    "robots.txt",
}
LABELLED = {"alerts/reason.py"}
"""Asks for labels of mails, whose names look like codes."""
MODULES = sorted(
    path
    for path in ROOT.rglob("*.py")
    if not {"words", "migrations", "bench"} & set(path.relative_to(ROOT).parts)
    and str(path.relative_to(ROOT)) not in LABELLED
)


def test_every_code_that_the_program_writes_has_its_words() -> None:
    assert {
        (str(path), code)
        for path in MODULES
        for code in codes_in(path) - NO_CODES
        if code not in SENTENCES and code not in FIELDS
    } == set()


def test_codes_that_are_made_from_a_state_or_an_outcome_have_their_words() -> None:
    made = {f"notice.{outcome.value}" for outcome in Outcome if outcome.is_failure}
    made |= {
        f"notice.{one}"
        for one in (MOVED, RECOVERED, "held", "possible_gap", "yield_dropped", "layout_changed")
    }
    made |= {f"alarm.{kind}{end}" for kind in KINDS for end in ("", "_text")}
    made |= {code for _, code in UNDER.values()} | set(REASONS.values())
    made |= {f"why.{state}{end}" for state in ("due", "leased", "sent", "failed", "suspended",
    "skipped", "held")
             for end in ("", "_because")}  # fmt: skip
    assert made - SENTENCES.keys() == set()
    assert {ExplanationCode(code) for code in ("due", "held")}


@pytest.mark.parametrize("language", ["vi", "en"])
def test_no_sentence_is_written_where_codes_are_stored(language: str) -> None:
    """Whatever is stored by these modules goes through codes: none of them holds a sentence of the
    catalogue."""
    said = {
        pair[language == "en"]
        for pair in SENTENCES.values()
        if "{" not in pair[0] and len(pair[0]) > 20
    }
    for room in ("storage", "delivery", "poll", "portals", "alerts"):
        for path in (ROOT / room).rglob("*.py"):
            if "migrations" not in path.parts:
                text = path.read_text("utf-8")
                assert [one for one in said if f'"{one}"' in text] == [], path


TEMPLATES = sorted((ROOT / "web" / "templates").rglob("*.html"))


def other_spelling(text: str) -> list[str]:
    found = (match[0] for match in OTHER_SPELLING.finditer(text))
    return [word for word in found if not re.search(r"qu[ỳýỷỹỵ]$", word, re.IGNORECASE)]


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_pages_are_spelt_as_the_catalogue_is(path: Path) -> None:
    assert other_spelling(path.read_text("utf-8")) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("khoá", ["khoá"]), ("khóa", []), ("huỷ bỏ", ["huỷ"]), ("hủy", []), ("xoá", ["xoá"]),
        ("hoàn toàn", []), ("quý cơ quan", []), ("thuỷ điện", ["thuỷ"]), ("khoẻ", ["khoẻ"]),
        ("hoạt động", []), ("toà nhà", ["toà"]), ("ủy ban", []), ("uỷ ban", ["uỷ"]),
    ],
)  # fmt: skip
def test_the_measure_of_spelling_sees_a_tone_over_the_wrong_vowel(
    text: str, found: list[str]
) -> None:
    assert other_spelling(text) == found


SAID = {
    text
    for pair in {**SENTENCES, **FIELDS, **LABELS}.values()
    for text in pair
    if " " in text or VIETNAMESE.search(text)
}
"""Sentences that can be nothing else: a label of one English word may be a value too."""
SPEAKERS = {"say", "label", "labels_of", "say_at"}


def compared(tree: ast.AST) -> list[str]:
    """What of a comparison is a sentence, or was said a moment ago."""
    sides = [
        side
        for node in ast.walk(tree)
        if isinstance(node, ast.Compare)
        for side in (node.left, *node.comparators)
    ]
    sides += [node.value for node in ast.walk(tree) if isinstance(node, ast.MatchValue)]
    return [
        ast.unparse(side)
        for side in sides
        if (isinstance(side, ast.Constant) and side.value in SAID)
        or (isinstance(side, ast.Call) and ast.unparse(side.func).split(".")[-1] in SPEAKERS)
    ]


def test_no_value_is_compared_with_a_sentence() -> None:
    for path in MODULES:
        assert compared(ast.parse(path.read_text("utf-8"))) == [], path


@pytest.mark.parametrize(
    ("source", "is_seen"),
    [
        ("stored == 'chờ xác nhận'", True),
        ("'nothing new' != outcome", True),
        ("words.say(reason, 'vi') in seen", True),
        ("label('state', one, 'en') == 'due'", True),
        ("match said:\n    case 'tạm ngưng':\n        pass", True),
        ("code == 'endpoint.gone'", False),
        ("state == 'due'", False),
    ],
)
def test_the_measure_itself_sees_a_sentence_compared(source: str, is_seen: bool) -> None:
    assert bool(compared(ast.parse(source))) == is_seen


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("outcome", Outcome), ("state", State), ("status", SubscriptionStatus),
        ("frequency", Frequency), ("relation", Relation), ("urgency", Urgency), ("line", Line),
        ("change", ChangeType),
    ],
)  # fmt: skip
def test_every_value_that_is_shown_has_its_label(kind: str, values: type[StrEnum]) -> None:
    assert set(labels_of(kind, "vi")) == set(values)
    assert len(labels_of(kind, "en")) == len(values)


def test_a_value_of_a_newer_loa_is_shown_as_it_is() -> None:
    assert label("state", "of_tomorrow", "vi") == "of_tomorrow"
    assert (label("state", "due", "vi"), label("state", "due", "en")) == ("chờ gửi", "due")
    assert labels_of("state", "en").get("of_tomorrow") is None
    assert (kind_name(None), kind_name("chi-thi"), kind_name("lenh-moi")) == (
        "",
        "Chỉ thị",
        "Lenh moi",
    )


def test_a_code_has_its_words_in_one_table() -> None:
    with pytest.raises(ValueError, match=r"two tables: bad\.empty"):
        joined({"bad.empty": ("còn trống", "is empty")}, {"bad.empty": ("khác", "another")})
    for path in (ROOT / "words").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Dict):
                keys = [one.value for one in node.keys if isinstance(one, ast.Constant)]
                assert len(keys) == len(set(keys)), path.name
