"""The configuration: what each key means, what it may be, and where it is read from.

The only reader of configuration files and of the environment. Every mistake becomes a ConfigurationError
that names the file, the key, what was found and what is allowed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, PositiveFloat, PositiveInt


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ServiceSettings(_Section):
    public_url: str = "http://127.0.0.1:8080"
    title: str = "Bản tin chỉ đạo điều hành"
    language: Literal["vi", "en"] = "vi"
    timezone: str = "Asia/Ho_Chi_Minh"
    secret_key: str = ""


class OperatorSettings(_Section):
    email: str = ""


class ServerSettings(_Section):
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8080
    trusted_proxies: Annotated[int, Field(ge=0, le=10)] = 0
    metrics_token: str = ""


class DatabaseSettings(_Section):
    url: str = "sqlite:///var/loa.db"


class PollingSettings(_Section):
    interval_s: PositiveInt = 300
    jitter: Annotated[float, Field(ge=0, le=0.5)] = 0.1
    user_agent: str = "Loa/0.1 (+https://example.invalid/loa)"
    timeout_s: PositiveFloat = 20
    max_body_bytes: PositiveInt = 10_485_760
    min_delay_per_host_s: Annotated[float, Field(ge=0)] = 1.0
    backfill_pages: Annotated[int, Field(ge=0)] = 5
    alert_on_first_poll: bool = False
    flood_limit: PositiveInt = 50
    max_alert_age_days: PositiveInt = 14


class FeedSettings(_Section):
    entries: PositiveInt = 50
    days: Annotated[int, Field(ge=0)] = 30
    export_dir: str = ""


class WebhookSettings(_Section):
    timeout_s: PositiveFloat = 15
    concurrency: PositiveInt = 256
    per_endpoint_concurrency: PositiveInt = 2
    per_host_concurrency: PositiveInt = 16
    lease_s: PositiveFloat = 30
    retry_schedule_s: tuple[Annotated[float, Field(ge=0)], ...] = (
        0, 5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400,
    )  # fmt: skip
    disable_after_s: PositiveFloat = 432_000
    allow_private_networks: bool = False


class EmailSettings(_Section):
    smtp_url: str = ""
    from_: str = Field(default="Loa <loa@localhost>", alias="from")
    digest_at: Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")] = "07:00"
    rate_per_s: PositiveFloat = 20


class ReceiptSettings(_Section):
    categories: tuple[str, ...] = ("directives",)
    remind_after_working_days: PositiveInt = 2


class ArticleSelectors(_Section):
    """CSS selectors within an article page; None leaves the part to detection."""

    title: str | None = None
    body: str | None = None
    date: str | None = None
    attachments: str | None = None


class ListingSelectors(_Section):
    """CSS selectors within a listing page; `link`, `title` and `date` are looked up inside each `item`."""

    item: str
    link: str = "a"
    title: str | None = None
    date: str | None = None
    next_page: str | None = None


class ListingConfig(_Section):
    url: str
    """Absolute once loaded: joined to the portal's base_url."""
    category: str | None = None
    """The portal's own section as a hint; None says nothing."""


class PortalConfig(_Section):
    id: Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?$", max_length=64)]
    name: str
    base_url: str
    kind: Literal["td-portal", "feed", "html", "auto"] = "auto"
    listings: tuple[ListingConfig, ...]
    listing: ListingSelectors | None = None
    article: ArticleSelectors | None = None
    ca_file: Path | None = None
    """An additional CA or intermediate certificate, PEM."""


class Settings(_Section):
    portals_dir: Path = Path("portals")
    service: ServiceSettings = ServiceSettings()
    operator: OperatorSettings = OperatorSettings()
    server: ServerSettings = ServerSettings()
    database: DatabaseSettings = DatabaseSettings()
    polling: PollingSettings = PollingSettings()
    feeds: FeedSettings = FeedSettings()
    webhooks: WebhookSettings = WebhookSettings()
    email: EmailSettings = EmailSettings()
    receipts: ReceiptSettings = ReceiptSettings()
    portals: tuple[PortalConfig, ...] = ()
    """Read from portals_dir, one file each."""
