"""The configuration: what overrides what, and what every mistake is told as."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from service.errors import ConfigurationError
from service.settings import Settings, load, shipped


def write(folder: Path, text: str, name: str = "loa.toml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def refused(config: Path | None, **environ: str) -> str:
    with pytest.raises(ConfigurationError) as caught:
        load(config, environ)
    return str(caught.value)


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test depends on the folder it was started in."""
    (tmp_path / "cwd").mkdir()
    monkeypatch.chdir(tmp_path / "cwd")


def test_the_shipped_configuration_is_valid_and_equal_to_the_defaults(tmp_path: Path) -> None:
    settings = load(None, {})
    for name in (
        "service",
        "operator",
        "server",
        "polling",
        "feeds",
        "webhooks",
        "email",
        "receipts",
    ):
        assert getattr(settings, name) == getattr(Settings(), name), name
    assert settings.database.url == f"sqlite:///{tmp_path}/cwd/var/loa.db"
    assert [portal.id for portal in settings.portals] == ["quangxuong"]
    assert (
        settings.portals[0]
        .listings[0]
        .url.startswith("https://quangxuong.thanhhoa.gov.vn/portal/KenhTin/")
    )


def test_every_setting_is_documented_in_the_shipped_file() -> None:
    from service.settings.loader import KEYS, TABLES

    lines = (shipped() / "loa.toml").read_text(encoding="utf-8").splitlines()
    section = ""
    documented = set()
    for before, line in pairwise(lines):
        if line.startswith("["):
            section = line.strip("[]") + "."
        elif "=" in line and not line.startswith("#") and before.startswith("# "):
            documented.add(section + line.split("=")[0].strip())
    assert documented == set(KEYS) - TABLES


def test_a_file_overrides_the_shipped_one_key_by_key(tmp_path: Path) -> None:
    settings = load(write(tmp_path, "[server]\nport = 9000\n"), {})
    assert settings.server.port == 9000
    assert settings.server.host == "127.0.0.1"


def test_the_environment_overrides_the_file(tmp_path: Path) -> None:
    config = write(tmp_path, '[server]\nport = 9000\n[service]\ntitle = "A"\n')
    settings = load(
        config,
        {
            "LOA_SERVER__PORT": "9001",
            "LOA_SERVICE__TITLE": "Bản tin",
            "LOA_CONFIG": "x",
            "LOA_X": "y",
        },
    )
    assert settings.server.port == 9001
    assert settings.service.title == "Bản tin"


@pytest.mark.parametrize(
    ("name", "raw", "section", "key", "value"),
    [
        ("LOA_SERVER__METRICS_TOKEN", "123456", "server", "metrics_token", "123456"),
        ("LOA_SERVICE__TITLE", '"quoted"', "service", "title", "quoted"),
        ("LOA_SERVICE__TITLE", "true", "service", "title", "true"),
        ("LOA_SERVICE__TITLE", "a # b", "service", "title", "a # b"),
        ("LOA_WEBHOOKS__RETRY_SCHEDULE_S", "[0, 1.5]", "webhooks", "retry_schedule_s", (0, 1.5)),
        (
            "LOA_WEBHOOKS__ALLOW_PRIVATE_NETWORKS",
            "true",
            "webhooks",
            "allow_private_networks",
            True,
        ),
        ("LOA_POLLING__JITTER", "0", "polling", "jitter", 0),
        ("LOA_EMAIL__FROM", "Loa <loa@example.vn>", "email", "from_", "Loa <loa@example.vn>"),
        ("LOA_RECEIPTS__CATEGORIES", '["directives"]', "receipts", "categories", ("directives",)),
    ],
)
def test_a_variable_is_read_as_toml_and_text_needs_no_quotes(
    name: str, raw: str, section: str, key: str, value: object
) -> None:
    assert getattr(getattr(load(None, {name: raw}), section), key) == value


def test_a_secret_comes_from_a_file_without_its_last_line_end(tmp_path: Path) -> None:
    secret = write(tmp_path, "k3y-of-the-service-of-32-letters\n", "key")
    key = load(None, {"LOA_SERVICE__SECRET_KEY_FILE": str(secret)}).service.secret_key
    assert key == "k3y-of-the-service-of-32-letters"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("[server]\nprot = 1\n", "there is no key 'server.prot'; did you mean 'server.port'?"),
        ("[sever]\nport = 1\n", "there is no key 'sever'; did you mean 'server'?"),
        ("portal_dir = 'x'\n", "did you mean 'portals_dir'?"),
        ("portals = []\n", "there is no key 'portals'"),
        ("server = 3\n", "server = 3; allowed: a table [server]"),
        (
            "[server]\nport = '80'\n",
            'server.port = "80"; allowed: a whole number, at least 0, at most 65535',
        ),
        (
            "[server]\nport = 70000\n",
            "server.port = 70000; allowed: a whole number, at least 0, at most 65535",
        ),
        ("[server]\nport = true\n", "server.port = true"),
        (
            "[polling]\ninterval_s = 1.5\n",
            "polling.interval_s = 1.5; allowed: a whole number, more than 0",
        ),
        ("[polling]\ntimeout_s = inf\n", "polling.timeout_s"),
        ("[polling]\ntimeout_s = nan\n", "polling.timeout_s"),
        ('[polling]\nuser_agent = "a\\r\\nX: y"\n', "polling.user_agent"),
        ("[webhooks]\nretry_schedule_s = []\n", "webhooks.retry_schedule_s = []"),
        ("[webhooks]\nretry_schedule_s = [1, 'x']\n", "allowed: a list, each a number, at least 0"),
        ("[email]\ndays_off = ['2026-02-30']\n", 'allowed: a list, each days as "2027-02-17"'),
        (
            "[service]\nsecret_key = 'short'\n",
            "secret_key = (not shown); allowed: at least 32 random characters",
        ),
        (
            "[webhooks]\nlease_s = 15\n",
            "webhooks.lease_s = 15; allowed: more than timeout_s, which is 15",
        ),
        ("[service]\nlanguage = 'fr'\n", 'allowed: one of "vi", "en"'),
        ("[service]\ntimezone = 'Asia/Hanoi'\n", "the name of a time zone"),
        ("[service]\npublic_url = 'loa.example.vn'\n", "service.public_url"),
        ("[service]\npublic_url = 'https://u:p@loa.example.vn'\n", "service.public_url"),
        ("[operator]\nemail = 'nobody'\n", "operator.email"),
        ("[operator]\npeople = ['']\n", "operator.people"),
        ("[server]\nauth_header = 'X-Remote-User'\n", "empty while trusted_proxies is 0"),
        (
            "[server]\ntrusted_proxies = 1\nauth_header = 'Cookie'\n",
            'allowed: the name of a header as "X-Remote-User", or empty',
        ),
        ("[server]\ntrusted_proxies = 1\nauth_header = 'X_User'\n", "server.auth_header"),
        ("[email]\ndigest_at = '7:00'\n", 'allowed: a time as "07:00"'),
        ("[database]\nurl = 'mysql://x/y'\n", "database.url"),
        ("[database]\nurl = 'sqlite:///:memory:'\n", "another one in every process"),
        ("[receipts]\ncategories = ['directive']\n", "did you mean 'directives'?"),
        ("[server]\nport = \n", "is not valid TOML"),
        ("portals_dir = 'nowhere'\n", "a folder that exists"),
    ],
)
def test_M6_a_mistake_names_file_key_value_and_what_is_allowed(
    tmp_path: Path, text: str, wanted: str
) -> None:
    config = write(tmp_path, text)
    said = refused(config)
    assert str(config) in said
    assert wanted in said
    assert len(said.splitlines()) == len(set(said.splitlines())), "a mistake is told once"


def test_all_mistakes_are_told_in_one_run(tmp_path: Path) -> None:
    config = write(tmp_path, "[server]\nport = -1\nhots = 1\n[polling]\njitter = 2\n")
    said = refused(config, LOA_EMIAL__FROM="x", LOA_FEEDS__DAYS="many")
    for part in (
        "server.port",
        "server.hots",
        "polling.jitter",
        "LOA_EMIAL__FROM",
        "LOA_FEEDS__DAYS",
    ):
        assert part in said, part


def test_an_unknown_variable_names_the_nearest() -> None:
    said = refused(None, LOA_SEVRER__PORT="1", LOA_NOPE__X="1")
    assert "LOA_NOPE__X: there is no such variable; allowed: LOA_SECTION__KEY" in said
    assert "LOA_SEVRER__PORT: there is no such variable; did you mean 'LOA_SERVER__PORT'?" in said


def test_a_variable_and_its_file_at_once_are_refused(tmp_path: Path) -> None:
    secret = write(tmp_path, "x", "key")
    said = refused(None, LOA_SERVICE__SECRET_KEY="a", LOA_SERVICE__SECRET_KEY_FILE=str(secret))
    assert "one of the two" in said


@pytest.mark.parametrize("content", ["", "\n"])
def test_an_empty_or_missing_secret_file_is_refused(tmp_path: Path, content: str) -> None:
    empty = write(tmp_path, content, "empty")
    assert "this file is empty" in refused(None, LOA_EMAIL__SMTP_URL_FILE=str(empty))
    assert "No such file" in refused(None, LOA_EMAIL__SMTP_URL_FILE=str(tmp_path / "none"))


def test_no_secret_is_ever_told(tmp_path: Path) -> None:
    config = write(
        tmp_path,
        "[database]\nurl = 'mysql://loa:hunter2@db/loa'\n[email]\nsmtp_url = ['hunter2']\n"
        "[service]\nsecret_key = ['hunter2']\n[server]\nmetrics_token = {hunter2 = 1}\n",
    )
    said = refused(config)
    assert "hunter2" not in said
    assert said.count("(not shown)") == 4
    settings = load(
        None,
        {
            "LOA_SERVICE__SECRET_KEY": "hunter2" * 5,
            "LOA_DATABASE__URL": "postgresql://u:hunter2@db/loa",
        },
    )
    assert "hunter2" not in repr(settings)
    assert settings.database.url == "postgresql+psycopg://u:hunter2@db/loa"


def test_a_missing_or_unreadable_file_is_named(tmp_path: Path) -> None:
    assert str(tmp_path / "none.toml") in refused(tmp_path / "none.toml")
    assert "cannot read" in refused(tmp_path)
    latin = tmp_path / "latin.toml"
    latin.write_bytes(b"[service]\ntitle = '\xe9'\n")
    assert "is not UTF-8 text" in refused(latin)


def test_a_relative_path_belongs_to_the_file_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "etc" / "p").mkdir(parents=True)
    text = (
        "portals_dir = 'p'\n[database]\nurl = 'sqlite:///data/loa.db'\n[feeds]\nexport_dir = "
        "'out'\n"
    )
    settings = load(write(tmp_path / "etc", text), {})
    assert settings.portals_dir == tmp_path / "etc" / "p"
    assert settings.database.url == f"sqlite:///{tmp_path}/etc/data/loa.db"
    assert settings.feeds.export_dir == str(tmp_path / "etc" / "out")
    assert (
        load(None, {"LOA_DATABASE__URL": "sqlite:///x.db"}).database.url
        == f"sqlite:///{tmp_path}/cwd/x.db"
    )


def test_an_operator_may_bring_rules_and_places(tmp_path: Path) -> None:
    (tmp_path / "portals").mkdir()
    rules = write(
        tmp_path, (shipped() / "categories.toml").read_text(encoding="utf-8"), "categories.toml"
    )
    config = write(tmp_path, "portals_dir = 'portals'\n")
    assert load(config, {}).categories_file == rules
    assert load(config, {}).places_file == shipped() / "places.toml"
    assert load(None, {}).categories_file == shipped() / "categories.toml"


def test_M6_a_broken_rule_is_refused_by_file(tmp_path: Path) -> None:
    rules = write(tmp_path, "fallback = 3\n", "categories.toml")
    assert str(rules) in refused(write(tmp_path, ""))
