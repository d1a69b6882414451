"""Portal files: what they may say, and that ids do not collide."""

from __future__ import annotations

from pathlib import Path

import pytest

from service.errors import ConfigurationError
from service.settings import PortalConfig, load

GOOD = """
id = "mau"
name = "Cổng mẫu"
base_url = "http://10.0.0.7:8000"
[[listings]]
url = "/tin.aspx"
"""


@pytest.fixture
def portals(tmp_path: Path) -> Path:
    folder = tmp_path / "portals"
    folder.mkdir()
    (tmp_path / "loa.toml").write_text("portals_dir = 'portals'\n", encoding="utf-8")
    return folder


def read(portals: Path, **files: str) -> tuple[PortalConfig, ...]:
    for name, text in files.items():
        (portals / f"{name}.toml").write_text(text, encoding="utf-8")
    return load(portals.parent / "loa.toml", {}).portals


def refused(portals: Path, **files: str) -> str:
    with pytest.raises(ConfigurationError) as caught:
        read(portals, **files)
    return str(caught.value)


def test_a_portal_may_be_at_a_private_address_and_its_listings_become_absolute(
    portals: Path,
) -> None:
    (portal,) = read(portals, mau=GOOD)
    assert portal.kind == "auto"
    assert portal.listings[0].url == "http://10.0.0.7:8000/tin.aspx"


def test_a_folder_without_portals_is_no_mistake(portals: Path) -> None:
    assert read(portals) == ()


def test_other_files_of_the_folder_are_left_alone(portals: Path) -> None:
    (portals / "README.md").write_text("x", encoding="utf-8")
    (portals / ".mau.toml.swp").write_text("x", encoding="utf-8")
    (portals / ".hidden.toml").write_text("x", encoding="utf-8")
    assert len(read(portals, mau=GOOD)) == 1


def test_a_ca_file_belongs_to_the_portal_file(portals: Path) -> None:
    (portals / "ca.pem").write_text("x", encoding="utf-8")
    (portal,) = read(portals, mau='ca_file = "ca.pem"\n' + GOOD)
    assert portal.ca_file == portals / "ca.pem"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (GOOD.replace('id = "mau"', 'id = "Mẫu"'), "small letters, digits and inner hyphens"),
        (GOOD.replace('id = "mau"\n', ""), "id is missing"),
        (GOOD.replace('id = "mau"', 'id = "all"'), 'id = "all" is reserved'),
        (GOOD.replace('id = "mau"', 'id = "directives"'), "is the id of a category"),
        (GOOD.replace("http://10.0.0.7:8000", "ftp://x"), "base_url"),
        (GOOD.replace("http://10.0.0.7:8000", "http://[::1"), "base_url"),
        (GOOD.replace("/tin.aspx", "javascript:alert(1)"), "listings[0].url"),
        (GOOD + 'category = "directive"\n', "did you mean 'directives'?"),
        (GOOD + 'categori = "directives"\n', "there is no key 'listings[0].categori'"),
        (GOOD + '[[listings]]\nurl = "/tin.aspx"\n', "each listing once"),
        (GOOD.split("[[")[0], "listings is missing"),
        ('kind = "rss"\n' + GOOD, 'allowed: one of "td-portal", "feed", "html", "auto"'),
        ('kind = "html"\n' + GOOD, 'CSS selector "item"'),
        ('ca_file = "none.pem"\n' + GOOD, "ca_file"),
        ("id = \n", "is not valid TOML"),
    ],
)
def test_M6_a_broken_portal_file_is_named_with_key_and_what_is_allowed(
    portals: Path, text: str, wanted: str
) -> None:
    said = refused(portals, mau=text)
    assert str(portals / "mau.toml") in said
    assert wanted in said


def test_two_portals_with_one_id_are_refused_and_both_files_named(portals: Path) -> None:
    said = refused(portals, a=GOOD, b=GOOD)
    assert str(portals / "a.toml") in said
    assert str(portals / "b.toml") in said


def test_every_broken_file_is_told_in_one_run(portals: Path) -> None:
    said = refused(portals, a="x = 1\n", b="y = 2\n")
    assert "a.toml" in said
    assert "b.toml" in said


@pytest.mark.parametrize("selector", ["div[", "", "a:::b", ".x > "])
@pytest.mark.parametrize("key", ["listing.item", "listing.next_page", "article.body"])
def test_M6_a_selector_that_is_no_css_is_refused_with_file_and_key(
    portals: Path, key: str, selector: str
) -> None:
    table, _, name = key.partition(".")
    tables = {"listing": {"item": "li"}, "article": {}}
    tables[table][name] = selector
    text = GOOD.replace("[[listings]]", 'kind = "html"\n[[listings]]')
    text += "".join(
        f"[{table}]\n" + "".join(f"{name} = '{value}'\n" for name, value in fields.items())
        for table, fields in tables.items()
    )
    said = refused(portals, mau=text)
    assert f'{portals}/mau.toml: {key} = "{selector}"; allowed: a CSS selector' in said
