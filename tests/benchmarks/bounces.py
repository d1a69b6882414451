"""What is made of real bounces, on a set that is fetched and never kept here (D20).

    python tests/benchmarks/bounces.py SET_OF_EMAILS RB_SISIMAI [--wrong] [--json]

SET_OF_EMAILS is a checkout of github.com/sisimai/set-of-emails, RB_SISIMAI one of
github.com/sisimai/rb-sisimai, whose tests say the reason of each mail. The halves are told apart by
the SHA-1 of a file's name: no mail of `closed` was read while the table of words was made; with
`--wrong` only those of the open half are named. Exit code 1 where a figure is not what is promised:
suspended wrongly at most 2 %, dead addresses found at least 0.90, complaints right, no exception.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections import Counter
from hashlib import sha1
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from service.alerts.bounce import envelope_sender, read
from service.alerts.refusal import Kind

KEY = "k" * 40
TO = envelope_sender("loa@mail.example", "01900000-0000-7000-8000-000000000001", KEY)
DEAD = frozenset({"userunknown", "hostunknown", "hasmoved"})
NO_BOUNCE = frozenset({"feedback", "vacation", "delivered"})
DOUBTFUL = frozenset({"filtered", "suspend", "notaccept", "onhold", "undefined"})
"""Left out: by what they say most of these are `User unknown` after the text was sent, accounts that
were closed, and hosts that take no mail."""
COMPLAINTS = frozenset({"abuse", "fraud", "opt-out", "miscategorized"})
MOST_WRONG, LEAST_FOUND = 0.02, 0.90

_INDEX = re.compile(r"'(\d\d)' => \[")
_CASE = re.compile(
    r"\['[^']*',\s*'[^']*',\s*'([a-z]+)',\s*(?:true|false|nil)\s*(?:,\s*'([a-z-]*)'\s*)?\]"
)


def read_expected(tests: Path) -> dict[str, list[tuple[str, str]]]:
    """Name of a mail → (reason, kind of feedback) of each of its recipients."""
    found: dict[str, list[tuple[str, str]]] = {}
    for path in sorted(tests.glob("*.rb")):
        parts = _INDEX.split(path.read_text("utf-8"))
        for number, said in zip(parts[1::2], parts[2::2], strict=True):
            cases = [(case[1], case[2] or "") for case in _CASE.finditer(said)]
            if cases:
                found[f"{path.stem}-{number}"] = cases
    return found


def kind_of_mail(raw: bytes) -> Kind:
    """Of a mail that came to the address that we sealed."""
    if raw.startswith(b"From "):
        raw = raw.partition(b"\n")[2]
    return read(b"X-Original-To: " + TO.encode() + b"\n" + raw, KEY).kind


def wanted_kind(cases: list[tuple[str, str]]) -> str | None:
    """`dead`, `kept`, `complaint`; None where its recipients differ, or it is about nobody."""
    kinds = {
        "dead" if reason in DEAD
        else ("complaint" if feedback in COMPLAINTS else "kept") if reason == "feedback"
        else "none" if reason in NO_BOUNCE | DOUBTFUL
        else "kept"
        for reason, feedback in cases
    }  # fmt: skip
    return kinds.pop() if len(kinds) == 1 and kinds != {"none"} else None


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("mails", type=Path)
    parser.add_argument("tests", type=Path)
    parser.add_argument("--wrong", action="store_true", help="name what is wrong in the open half")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    expected = read_expected(asked.tests / "test" / "public")
    counts: dict[str, Counter[str]] = {"open": Counter(), "closed": Counter()}
    for path in sorted((asked.mails / "maildir" / "bsd").glob("*.eml")):
        wanted = wanted_kind(expected.get(path.stem, []))
        half = (
            "closed"
            if int(sha1(path.name.encode(), usedforsecurity=False).hexdigest(), 16) % 2
            else "open"
        )
        try:
            found = kind_of_mail(path.read_bytes())
        except Exception as error:  # none may come, whatever it is
            counts[half]["exceptions"] += 1
            print(f"{path.name}: {error!r}", file=sys.stderr)
            continue
        if wanted is None:
            continue
        suspends = found in (Kind.HARD, Kind.COMPLAINT)
        is_right = {"dead": found is Kind.HARD, "complaint": found is Kind.COMPLAINT}.get(
            wanted, not suspends
        )
        counts[half][wanted] += 1
        counts[half][f"{wanted} right"] += is_right
        if not is_right and asked.wrong and half == "open":
            print(path.name, expected[path.stem], found.value, file=sys.stderr)
    report = [_figures(half, of) for half, of in counts.items()]
    for one in report if not asked.json else ():
        print(", ".join(f"{name} {value}" for name, value in one.items()))
    if asked.json:
        print(json.dumps(report, indent=2))
    return 0 if all(one["met"] for one in report) else 1


def _figures(half: str, of: Counter[str]) -> dict[str, object]:
    wrongly = (of["kept"] - of["kept right"]) / max(1, of["kept"])
    found = of["dead right"] / max(1, of["dead"])
    complaints = of["complaint"] == of["complaint right"]
    is_met = wrongly <= MOST_WRONG and found >= LEAST_FOUND and complaints
    return {
        "half": half, "mails": of["kept"] + of["dead"] + of["complaint"],
        "suspended wrongly": f"{of['kept'] - of['kept right']} of {of['kept']} = {wrongly:.4f}",
        "dead found": f"{of['dead right']} of {of['dead']} = {found:.4f}",
        "complaints right": f"{of['complaint right']} of {of['complaint']}",
        "exceptions": of["exceptions"], "met": is_met and not of["exceptions"],
    }  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
