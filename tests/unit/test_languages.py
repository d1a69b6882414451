"""No English on a Vietnamese page, no Vietnamese in an English one: in every sentence of the words
tables, in every pair that a template says, and in every pair that stands in the code."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.words.labels import LABELS
from service.words.say import SENTENCES

ROOT = Path(__file__).resolve().parents[2] / "service"

_VIETNAMESE = re.compile(
    "[ăâđêôơưàáảãạằắẳẵặầấẩẫậèéẻẽẹềếểễệìíỉĩịòóỏõọồốổỗộờớởỡợùúủũụừứửữựỳýỷỹỵ]", re.I
)
_QUOTED = re.compile(r"\{[^{}]*\}|`[^`]*`|[“\"][^”\"]*[”\"]|'[^' ]+'")
"""Facts, commands, what is quoted as it is written: the same in every language."""
_WORD = re.compile(r"[^\W\d_]{3,}")
_BARE = re.compile(
    r"API|webhook|WebSub|RSS|Atom|JSON|OPML|Excel|CSV|Loa|ID|URL|[Tt]in|Chung|nay|Xem(?: ngay)?|Qua|Sau"
)
"""Words that Vietnamese pages use as they are, and Vietnamese words without a mark."""
_TR = re.compile(r"""\btr\(\s*(?:"([^"]*)"|'([^']*)'),\s*(?:"([^"]*)"|'([^']*)')\s*[,)]""")
_EXAMPLES = re.compile(
    r"^(?:Search: 06/CT-UBND, lễ hội…|(?:Find: )?xã Quảng Ninh(?:[;,] old names too)?)$"
)
"""What is to be typed, as it is typed."""


def is_english(words: str) -> bool:
    rest = _BARE.sub("", _QUOTED.sub("", words))
    return bool(_WORD.search(rest)) and not _VIETNAMESE.search(rest)


def is_vietnamese(words: str) -> bool:
    return bool(_VIETNAMESE.search(_QUOTED.sub("", words))) and not _EXAMPLES.match(words)


def _in_templates() -> Iterator[tuple[str, str, str]]:
    for path in sorted((ROOT / "web" / "templates").rglob("*.html")):
        for first, other, third, fourth in _TR.findall(path.read_text("utf-8")):
            yield f"{path.name}", first or other, third or fourth


def _in_code() -> Iterator[tuple[str, str, str]]:
    """Pairs of which one half is Vietnamese."""
    for path in sorted((ROOT / "web").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            match node:
                case ast.Tuple(elts=[ast.Constant(value=str(vi)), ast.Constant(value=str(en))]):
                    if _VIETNAMESE.search(vi + en):
                        yield f"{path.name}:{node.lineno}", vi, en


def _in_tables() -> Iterator[tuple[str, str, str]]:
    for code, (vi, en) in [*SENTENCES.items(), *((str(key), two) for key, two in LABELS.items())]:
        yield code, vi, en


@pytest.mark.parametrize(
    ("pairs", "least"), [(_in_tables, 900), (_in_templates, 700), (_in_code, 15)]
)
def test_each_language_is_where_it_is_read(pairs: object, least: int) -> None:
    assert callable(pairs)
    found = [one for one in pairs() if one[0] != "feed.html"]  # says each page's in the other too
    assert len(found) >= least
    assert [one for one in found if is_english(one[1])] == []
    assert [one for one in found if is_vietnamese(one[2])] == []


def test_the_measure_sees_the_wrong_language() -> None:
    assert is_english("Nothing was done") and not is_english("Không làm gì: `loa check`")
    assert is_vietnamese("Chưa có gì") and not is_vietnamese("such as “Chỉ đạo điều hành”")
