"""What is wrong with a place that somebody names: (Vietnamese, English)."""

from __future__ import annotations

from collections.abc import Mapping

PLACES: Mapping[str, tuple[str, str]] = {
    "bad.place": ("không có địa bàn {text!r}", "there is no place {text!r}"),
    "bad.place_several": (
        "có nhiều địa bàn tên {text!r}",
        "there are several places called {text!r}",
    ),
    "bad.place_divided": (
        "{text!r} đã được chia cho nhiều đơn vị mới",
        "{text!r} was divided among several new units",
    ),
    "allowed.place": (
        "một mã của places.toml hoặc places/, như quang-ninh-16540, hoặc một tên mà loa place find "
        "tìm được{hint}",
        "an id of places.toml or places/, as quang-ninh-16540, or a name that loa place find "
        "knows{hint}",
    ),
    "allowed.place_of": (
        "mã của một trong các đơn vị: {names}",
        "the id of one of these: {names}",
    ),
}
