"""What an edit changed, by words and by files, as a mail says it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import NamedTuple

from service.alerts.headers import visible_line
from service.posts.word_diff import Op, word_diff

MAX_COMPARED = 40_000
"""Characters of a text; a longer one is not compared, since only the whole of both can be."""
MAX_SHOWN = 3_000
"""Characters of one mail that say what changed; the page of the post has all."""

_STYLES = {
    Op.DELETED: ("del", "color:#9c1c1c;background:#fbeaea"),
    Op.INSERTED: ("ins", "color:#1f6b3a;background:#e5f3ea"),
}
_WORDS = {Op.DELETED: "cut", Op.INSERTED: "put"}


class AttachedFile(NamedTuple):
    url: str
    name: str
    sha256: str | None


@dataclass(frozen=True, slots=True)
class PostState:
    """A revision of a post, as far as a difference is shown."""

    title: str
    text: str
    files: tuple[AttachedFile, ...] = ()


class EditPiece(NamedTuple):
    op: Op
    text: str
    word: str | None = None
    """By which a text says what became of it; None: the usual one."""


Edit = tuple[tuple[EditPiece, ...], ...]
"""Lines of pieces: of the title, of the text, and one for each file."""


def find_edit(before: PostState, after: PostState) -> Edit:
    """Empty where nothing can be shown by words."""
    lines = [_compare(before.title, after.title)]
    if max(len(before.text), len(after.text)) <= MAX_COMPARED:
        lines.append(_compare(before.text, after.text))
    lines += [(piece,) for piece in _files(before.files, after.files)]
    return tuple(line for line in lines if line)


def _compare(before: str, after: str) -> tuple[EditPiece, ...]:
    return tuple(EditPiece(op, visible_line(words)) for op, words in word_diff(before, after) or ())


def _files(before: Sequence[AttachedFile], after: Sequence[AttachedFile]) -> Iterator[EditPiece]:
    """Those taken away, added, and replaced under the same address."""
    old, new = {one.url: one for one in before}, {one.url: one for one in after}
    yield from (EditPiece(Op.DELETED, visible_line(old[url].name)) for url in old if url not in new)
    for url, one in new.items():
        was = old.get(url)
        if was is None:
            yield EditPiece(Op.INSERTED, visible_line(one.name))
        elif was.sha256 and one.sha256 and was.sha256 != one.sha256:
            yield EditPiece(Op.INSERTED, visible_line(one.name), "replaced")


def say_edits(edits: Sequence[Edit], says: Mapping[str, str]) -> tuple[str, str]:
    """As text, and as the inside of a row of HTML; both empty where there is nothing."""
    lines = [line for edit in edits for line in edit]
    if not lines:
        return "", ""
    shown, text, html = 0, [], []
    for line in lines:
        fitting = _fitting(line, MAX_SHOWN - shown)
        shown += sum(len(piece.text) for piece in fitting)
        text.append(" ".join(_as_text(piece, says) for piece in fitting))
        html.append(" ".join(_as_html(piece, says) for piece in fitting))
        if len(fitting) < len(line):
            text.append(says["changes_cut"])
            html.append(escape(says["changes_cut"]))
            break
    head = says["changes"]
    body = "<br>\n".join(html)
    return f"{head}:\n" + "\n".join(text) + "\n\n", f"<b>{escape(head)}:</b><br>\n{body}"


def _fitting(line: Sequence[EditPiece], room: int) -> list[EditPiece]:
    fitting = []
    for piece in line:
        room -= len(piece.text)
        if room < 0:
            break
        fitting.append(piece)
    return fitting


def _as_text(piece: EditPiece, says: Mapping[str, str]) -> str:
    if piece.op is Op.SAME:
        return piece.text
    return f"[{says[piece.word or _WORDS[piece.op]]}: {piece.text}]"


def _as_html(piece: EditPiece, says: Mapping[str, str]) -> str:
    if piece.op is Op.SAME:
        return escape(piece.text)
    tag, style = _STYLES[piece.op]
    word = f"{escape(says[piece.word])}: " if piece.word else ""
    return f'{word}<{tag} style="{style}">{escape(piece.text)}</{tag}>'
