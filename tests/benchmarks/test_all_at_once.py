"""The parts of the benchmark of everything at once: what it serves, and how it judges. Nothing is
timed here."""

from __future__ import annotations

from tests.benchmarks.all_at_once import HOSTILE, MORE, Figures, Publisher

MEMORY = {"main": 50.0, "web": 50.0, "worker": 50.0, "readers": 60.0}


def figures(
    alerts: float = 1.0, health: float = 0.01, web: float = 50.0, readers: float = 60.0
) -> Figures:
    return Figures(
        [1.0, alerts],
        [1.0],
        [0.001, health],
        [0.001],
        MEMORY,
        {**MEMORY, "web": web, "readers": readers},
    )


def test_each_hostile_portal_has_a_listing_and_articles() -> None:
    for name, make in (HOSTILE | MORE).items():
        pages = make()
        listing = pages("/tin")
        assert listing is not None and b"/tin/x-9.html" in listing[1], name
        assert pages("/tin/x-9.html") is not None and pages("/nothing") is None


def test_the_files_of_s4_are_thirty_of_19_mb_each_and_all_different() -> None:
    pages = MORE["s4"]()
    article = pages("/tin/x-1.html")
    assert article is not None and article[1].count(b"/tep/") == 30
    one, other = pages("/tep/1.pdf"), pages("/tep/2.pdf")
    assert one is not None and other is not None
    assert len(one[1]) > 18_000_000 and one[1] != other[1] and one[1].startswith(b"%PDF")


def test_what_a_portal_publishes_is_told_by_its_title() -> None:
    portal = Publisher("x")
    assert portal.at == {}  # what a first poll finds alerts nobody
    portal.publish(100)
    listing = portal.pages("/tin")
    (title,) = portal.at
    assert listing is not None and title.encode() in listing[1]


def test_a_figure_that_is_not_held_is_named() -> None:
    assert figures().broken() == []
    assert figures(readers=900.0).broken() == []  # the pool counts apart
    assert "an alert after 10.1 s" in figures(alerts=10.1).broken()
    assert "/healthz after 210 ms" in figures(health=0.21).broken()
    assert "memory 1.67 times idle" in figures(web=150.0).broken()
    assert "an alert after inf s" in figures(alerts=float("inf")).broken()
