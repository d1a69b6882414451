"""Every feed and page as files, with gzip beside each, for a static server or a CDN: once, or after
each change.

What depends on a question stays with Loa: searches, older pages of feeds, subscriptions, archived
files of portals. A static server in front sends those on (`config/deploy/nginx-files.conf`).
"""

from service.export.exporter import Exporter, ExportResult, export_to
from service.export.folder import MANIFEST
from service.export.job import export_job

__all__ = ["MANIFEST", "ExportResult", "Exporter", "export_job", "export_to"]
