"""The commands that an operator is shown to make undone what a subscription or a unit lost: each
can be copied and run as it stands, and names all that was asked for."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence

from service.channels import Consent, kind_of
from service.types import Filters, Frequency, Subscription, Unit

TO_FILL_IN = "…"
"""What is kept sealed and stands in no mail: whoever runs the command knows it."""


def add_command(gone: Subscription) -> str:
    """Adds the same once more. Whoever was asked before is asked again; where only an operator
    decides, running it is the decision. A sealed address is read from standard input."""
    kind = kind_of(gone.channel)
    words = ["loa", "subscription", "add", gone.channel]
    if kind.is_sealed:
        words.append("-")
    elif not kind.is_asked:
        words.append(shlex.quote(gone.target))
    words += _option("unit", [gone.unit_id or ""]) + _option("name", [gone.name])
    words += _filters(gone.filters)
    words += _option("header", [f"{name}: {TO_FILL_IN}" for name in gone.headers])
    words += ["--cloudevents"] if gone.is_cloudevents else []
    words += _frequency(gone) if kind.digest_endpoint else []
    words += ["--language", gone.language] if kind.is_worded else []
    words += ["--confirmed"] if kind.consent is Consent.OPERATOR else []
    return " ".join(words)


def edit_command(before: Subscription, after: Subscription) -> str:
    """Makes a subscription ask for what it asked for before."""
    words = ["loa", "subscription", "edit", before.id]
    if before.filters != after.filters:
        words += ["--everything", *_filters(before.filters)]
    if before.frequency is not after.frequency:
        words += ["--frequency", before.frequency.value]
    if before.target != after.target:
        words += _option("url", [before.target])
    return " ".join(words)


def unit_command(before: Unit, after: Unit) -> str:
    """Makes a unit what it was before."""
    words = ["loa", "unit", "edit", before.id]
    if before.name != after.name:
        words += _option("name", [before.name])
    if before.place != after.place:
        words += _option("place", [before.place]) if before.place else ["--no-place"]
    if before.contacts != after.contacts:
        gone = [("remove-contact", one) for one in after.contacts]
        kept = [("contact", one) for one in before.contacts]
        words += [word for name, one in kept or gone for word in _option(name, [one])]
    return " ".join(words)


def _filters(filters: Filters) -> Iterator[str]:
    named = (
        ("category", filters.categories),
        ("portal", filters.portals),
        ("place", filters.places),
        ("keyword", filters.keywords),
        ("urgency", filters.urgencies),
        ("kind", filters.kinds),
    )
    for name, values in named:
        yield from _option(name, values)


def _frequency(gone: Subscription) -> list[str]:
    is_usual = gone.frequency is Frequency.IMMEDIATE
    return [] if is_usual else ["--frequency", gone.frequency.value]


def _option(name: str, values: Sequence[str]) -> list[str]:
    """A value that begins with a hyphen would be read as an option of its own."""
    return [
        f"--{name}{'=' if value.startswith('-') else ' '}{shlex.quote(value)}"
        for value in values
        if value
    ]
