"""How a post's dating is kept: one JSON value beside its instant."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from service.instants import Dating, Moment, Source, Witness


def dating_to_json(dating: Dating | None) -> dict[str, Any] | None:
    if dating is None:
        return None
    return {
        "moment": _moment_to_json(dating.moment) if dating.moment else None,
        "agreed": [_to_json(one) for one in dating.agreed],
        "disagreed": [_to_json(one) for one in dating.disagreed],
        "is_late": dating.is_late,
    }


def dating_from_json(kept: dict[str, Any] | None, at: datetime) -> Dating | None:
    """The dating of a post published `at`; None for a post stored before its witnesses were
    kept."""
    if kept is None:
        return None
    return Dating(
        at,
        _moment(kept["moment"]) if kept["moment"] else None,
        tuple(map(_witness, kept["agreed"])),
        tuple(map(_witness, kept["disagreed"])),
        kept["is_late"],
    )


def _moment_to_json(moment: Moment) -> dict[str, Any]:
    span = None if moment.span is None else int(moment.span.total_seconds())
    return {"at": moment.at.isoformat(), "has_time": moment.has_time, "span_s": span}


def _to_json(one: Witness) -> dict[str, Any]:
    moment = _moment_to_json(one.moment)
    return {**moment, "source": one.source.value, "said": one.said, "is_update": one.is_update}


def _moment(kept: dict[str, Any]) -> Moment:
    span = None if kept["span_s"] is None else timedelta(seconds=kept["span_s"])
    return Moment(datetime.fromisoformat(kept["at"]), kept["has_time"], span)


def _witness(kept: dict[str, Any]) -> Witness:
    return Witness(Source(kept["source"]), _moment(kept), kept["said"], kept["is_update"])
