"""S2, F16, L10: whatever bytes a stranger sends, each parser answers or refuses in our own
words."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings

from tests.fuzz_targets import KEPT, TARGETS, fed


@pytest.mark.parametrize("name", TARGETS)
def test_a_parser_of_foreign_bytes_answers_or_refuses(name: str) -> None:
    target = TARGETS[name]
    with fed(target) as feed:

        @settings(
            max_examples=target.examples, deadline=None, suppress_health_check=list(HealthCheck)
        )
        @given(target.inputs())
        def run(data: bytes) -> None:
            feed(data)

        run()


@pytest.mark.parametrize("name", TARGETS)
def test_what_was_once_too_much_is_not_any_more(name: str) -> None:
    with fed(TARGETS[name]) as feed:
        for path in TARGETS[name].kept():
            feed(path.read_bytes())


def test_what_is_kept_belongs_to_a_target() -> None:
    assert {path.name for path in KEPT.iterdir()} <= set(TARGETS)
