"""What each key means and what it may be.

A value that a model refuses is refused with the words of what is allowed. Knows neither files nor
variables.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PositiveFloat,
    PositiveInt,
    model_validator,
)

from service.settings.checked_values import (
    allowed,
    check_auth_header,
    check_database_url,
    check_header_value,
    check_line,
    check_mail_address,
    check_old_key,
    check_posts_days,
    check_secret_key,
    check_selector,
    check_timezone,
    check_url,
)
from service.settings.portal_kinds import AUTO, KINDS, Kind
from service.values import Locale, parse_zone

Line = Annotated[str, AfterValidator(check_line)]
Name = Annotated[Line, Field(min_length=1, description="a mail address, or a name")]
HttpUrl = Annotated[str, AfterValidator(check_url)]
Selector = Annotated[str, AfterValidator(check_selector)]
FileHost = Annotated[
    str, Field(pattern=r"^[a-z0-9.-]+(:[0-9]{1,5})?$", description='a host as "files.example.vn"')
]
PortalId = Annotated[
    str,
    Field(
        pattern=r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?$",
        max_length=64,
        description="small letters, digits and inner hyphens, at most 64",
    ),
]
Secret = Field(repr=False)
Model = TypeVar("Model", bound=BaseModel)


class SettingsSection(BaseModel):
    model_config = ConfigDict(
        extra="forbid", frozen=True, populate_by_name=True, allow_inf_nan=False
    )


class ServiceSettings(SettingsSection):
    public_url: HttpUrl = "http://127.0.0.1:8080"
    title: Line = "Bản tin chỉ đạo điều hành"
    language: Literal["vi", "en"] = "vi"
    timezone: Annotated[str, AfterValidator(check_timezone)] = "Asia/Ho_Chi_Minh"
    secret_key: Annotated[str, Secret, AfterValidator(check_secret_key)] = ""
    old_secret_keys: Annotated[
        tuple[Annotated[str, AfterValidator(check_old_key)], ...], Secret
    ] = ()

    @property
    def locale(self) -> Locale:
        """How this service speaks where nobody has said how he wants to be spoken to."""
        return Locale(self.language, parse_zone(self.timezone))


class OperatorSettings(SettingsSection):
    name: Line = ""
    email: Annotated[str, AfterValidator(check_mail_address)] = ""
    people: tuple[Name, ...] = ()
    viewers: tuple[Name, ...] = ()


class ServerSettings(SettingsSection):
    host: Annotated[Line, Field(min_length=1, description="an address or name to listen on")] = (
        "127.0.0.1"
    )
    port: Annotated[int, Field(ge=0, le=65535)] = 8080
    trusted_proxies: Annotated[int, Field(ge=0, le=10)] = 0
    auth_header: Annotated[str, AfterValidator(check_auth_header)] = ""
    metrics_token: Annotated[str, Secret] = ""

    @model_validator(mode="after")
    def _believes_only_a_proxy(self) -> ServerSettings:
        if self.auth_header and not self.trusted_proxies:
            raise allowed("empty while trusted_proxies is 0: anybody could send it", "auth_header")
        return self


class DatabaseSettings(SettingsSection):
    url: Annotated[str, Secret, AfterValidator(check_database_url)] = "sqlite:///var/loa.db"
    fence_path: str = ""


class PollingSettings(SettingsSection):
    interval_s: PositiveInt = 300
    jitter: Annotated[float, Field(ge=0, le=0.5)] = 0.1
    user_agent: Annotated[str, AfterValidator(check_header_value)] = (
        "Loa/0.1 (+https://example.invalid/loa)"
    )
    timeout_s: PositiveFloat = 20
    max_body_bytes: PositiveInt = 10_485_760
    min_delay_per_host_s: Annotated[float, Field(ge=0)] = 1.0
    backfill_pages: Annotated[int, Field(ge=0)] = 5
    alert_on_first_poll: bool = False
    flood_limit: PositiveInt = 50
    max_alert_age_days: PositiveInt = 14


class FeedSettings(SettingsSection):
    entries: PositiveInt = 50
    days: Annotated[int, Field(ge=0)] = 30
    export_dir: str = ""


class WebhookSettings(SettingsSection):
    timeout_s: PositiveFloat = 15
    concurrency: PositiveInt = 256
    per_endpoint_concurrency: PositiveInt = 2
    per_host_concurrency: PositiveInt = 16
    lease_s: PositiveFloat = 30
    retry_schedule_s: Annotated[tuple[Annotated[float, Field(ge=0)], ...], Field(min_length=1)] = (
        0, 5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400,
    )  # fmt: skip
    disable_after_s: PositiveFloat = 432_000
    allow_private_networks: bool = False

    @model_validator(mode="after")
    def _lease_outlives_attempt(self) -> WebhookSettings:
        if self.lease_s <= self.timeout_s:
            raise allowed(f"more than timeout_s, which is {self.timeout_s:g}", key="lease_s")
        return self


class WebsubSettings(SettingsSection):
    enabled: bool = True
    in_export: bool = False
    max_subscriptions: PositiveInt = 10_000
    per_host: PositiveInt = 100
    max_lease_days: PositiveInt = 30


TimeOfDay = Annotated[
    str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$", description='a time as "07:00"')
]


class EmailSettings(SettingsSection):
    """Relay and sender are judged when the channel opens: what is wrong there stops neither
    webhooks nor feeds."""

    smtp_url: Annotated[str, Secret] = ""
    from_: str = Field(default="Loa <loa@localhost>", alias="from")
    digest_at: TimeOfDay = "07:00"
    rate_per_s: PositiveFloat = 20
    days_off: tuple[Annotated[date, Field(description='days as "2027-02-17"')], ...] = ()


class UrgencySettings(SettingsSection):
    now: tuple[Literal["khan", "thuong-khan", "hoa-toc"], ...] = ("hoa-toc", "thuong-khan")
    remind_after_min: tuple[PositiveInt, ...] = (15, 60, 180)

    @model_validator(mode="after")
    def _each_later_than_the_last(self) -> UrgencySettings:
        if list(self.remind_after_min) != sorted(set(self.remind_after_min)):
            raise allowed("minutes, each more than the one before", key="remind_after_min")
        return self


class ReceiptSettings(SettingsSection):
    categories: tuple[str, ...] = ("directives",)
    remind_after_working_days: PositiveInt = 2
    remind_at: TimeOfDay = "07:30"
    remind_before_due_h: PositiveInt = 24


class PlacesSettings(SettingsSection):
    provinces: tuple[
        Annotated[str, Field(description='"all", or codes of provinces as "38"')], ...
    ] = ()


class CoverageSettings(SettingsSection):
    tell_after_h: PositiveInt = 24


class OcrSettings(SettingsSection):
    command: str = "tesseract"


class ArchiveSettings(SettingsSection):
    folder: str = ""
    max_post_mb: PositiveInt = 100
    max_portal_day_mb: PositiveInt = 1_000
    max_day_mb: PositiveInt = 5_000
    min_free_mb: Annotated[int, Field(ge=0)] = 1_000


class RetentionSettings(SettingsSection):
    messages_days: PositiveInt = 90
    polls_days: PositiveInt = 90
    files_days: Annotated[int, Field(ge=0)] = 0
    posts_days: Annotated[int, AfterValidator(check_posts_days)] = 0
    audit_days: PositiveInt = 1825  # five years


class NetworkSettings(SettingsSection):
    ca_file: str = ""


class ArticleSelectors(SettingsSection):
    """CSS selectors within an article page; None leaves the part to detection."""

    title: Selector | None = None
    body: Selector | None = None
    date: Selector | None = None
    attachments: Selector | None = None


class ListingSelectors(SettingsSection):
    """CSS selectors within a listing page; `link`, `title` and `date` are looked up inside each
    `item`."""

    item: Selector
    link: Selector = "a"
    title: Selector | None = None
    date: Selector | None = None
    next_page: Selector | None = None


class ListingConfig(SettingsSection):
    url: Annotated[str, Field(min_length=1)]
    """Absolute once loaded: joined to the portal's base_url."""
    category: str | None = None
    """The portal's own section as a hint; None says nothing."""


class PortalConfig(SettingsSection):
    id: PortalId
    name: Annotated[Line, Field(min_length=1)]
    base_url: HttpUrl
    kind: Kind = AUTO
    listings: Annotated[tuple[ListingConfig, ...], Field(min_length=1)]
    listing: ListingSelectors | None = None
    article: ArticleSelectors | None = None
    ca_file: Path | None = None
    """An additional CA or intermediate certificate, PEM."""
    file_hosts: tuple[FileHost, ...] = ()
    """Hosts, with their port where it is another than the web's, from which its files may come
    too."""
    province: Line | None = None
    """Code or name of the province that it speaks for, or "all"; None: as its address and name
    say."""
    districts: tuple[Line, ...] = ()
    """Districts of before July 2025 that it speaks for; none: its whole province."""
    legacy_tls: bool = False
    """Whether old ciphers, key exchange and TLS 1.0 are spoken too; the certificate is verified all
    the same."""

    @model_validator(mode="after")
    def _names_its_items(self) -> PortalConfig:
        if KINDS[self.kind].needs_selectors and self.listing is None:
            raise allowed(
                f'a table [listing] with the CSS selector "item", since kind is "{self.kind}"',
                key="listing",
            )
        return self


class Settings(SettingsSection):
    portals_dir: Path = Path("portals")
    service: ServiceSettings = ServiceSettings()
    operator: OperatorSettings = OperatorSettings()
    server: ServerSettings = ServerSettings()
    database: DatabaseSettings = DatabaseSettings()
    polling: PollingSettings = PollingSettings()
    feeds: FeedSettings = FeedSettings()
    webhooks: WebhookSettings = WebhookSettings()
    websub: WebsubSettings = WebsubSettings()
    email: EmailSettings = EmailSettings()
    urgency: UrgencySettings = UrgencySettings()
    receipts: ReceiptSettings = ReceiptSettings()
    coverage: CoverageSettings = CoverageSettings()
    places: PlacesSettings = PlacesSettings()
    ocr: OcrSettings = OcrSettings()
    archive: ArchiveSettings = ArchiveSettings()
    retention: RetentionSettings = RetentionSettings()
    network: NetworkSettings = NetworkSettings()
    portals: tuple[PortalConfig, ...] = ()
    """Read from portals_dir, one file each; no key."""
    categories_file: Path = Path("config/categories.toml")
    """Found by the loader; no key."""
    places_dir: Path = Path("config/places")
    """The tables of all provinces. Found by the loader; no key."""
    places_file: Path = Path("config/places.toml")
    """The operator's own places over them; the shipped one is an example. Found by the loader; no
    key."""


FOUND_BY_LOADER = frozenset({"portals", "categories_file", "places_dir", "places_file"})
SECRETS = frozenset(
    {
        "service.secret_key",
        "service.old_secret_keys",
        "server.metrics_token",
        "database.url",
        "email.smtp_url",
    }
)
"""Keys whose values are never printed."""


def strictly(model: type[Model], mapping: Mapping[str, Any]) -> Model:
    """Validated as JSON: a list is a tuple and a string a path, but `"1"` is no number."""
    return model.model_validate_json(json.dumps(mapping, default=str), strict=True)
