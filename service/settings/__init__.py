"""The configuration: what each key means, what it may be, and where it is read from.

The only reader of configuration files and of the environment. Every mistake becomes a
ConfigurationError that names the file, the key, what was found and what is allowed.
"""

from service.settings.layers import read_toml, shipped
from service.settings.loader import load
from service.settings.models import (
    ArticleSelectors,
    DatabaseSettings,
    EmailSettings,
    FeedSettings,
    ListingConfig,
    ListingSelectors,
    OperatorSettings,
    PollingSettings,
    PortalConfig,
    ReceiptSettings,
    ServerSettings,
    ServiceSettings,
    Settings,
    WebhookSettings,
)

__all__ = [
    "ArticleSelectors",
    "DatabaseSettings",
    "EmailSettings",
    "FeedSettings",
    "ListingConfig",
    "ListingSelectors",
    "OperatorSettings",
    "PollingSettings",
    "PortalConfig",
    "ReceiptSettings",
    "ServerSettings",
    "ServiceSettings",
    "Settings",
    "WebhookSettings",
    "load",
    "read_toml",
    "shipped",
]
