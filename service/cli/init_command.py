"""`loa init`: a configuration to begin with. Never overwrites."""

from __future__ import annotations

from pathlib import Path

import click

from service.cli.common import echo_json, json_option
from service.cli.parsing import LoaCommand

CONFIGURATION = """\
# The configuration of this Loa. What is not here is as in the file that came with Loa:
#   {shipped}
# Every key stands there with a sentence above it. A relative path belongs to this file's folder.
# Khóa nào không ghi ở đây thì theo tệp kèm theo Loa; đường dẫn tương đối tính từ thư mục này.

# The folder with one file for each portal. / Thư mục chứa mỗi cổng một tệp.
portals_dir = "portals"

[service]
# The address under which people reach Loa; every link in a feed or a mail begins with it.
# Địa chỉ mọi người dùng để vào Loa; mọi đường dẫn gửi đi bắt đầu bằng địa chỉ này.
public_url = "http://127.0.0.1:8080"
# The name of this service, on pages, in feeds and mails. / Tên dịch vụ.
title = "Bản tin chỉ đạo điều hành"

[operator]
# Who is told of trouble. / Ai được báo khi có sự cố.
# email = "van-hanh@example.gov.vn"

[database]
url = "sqlite:///var/loa.db"

[email]
# Without a relay email subscriptions are refused.
# Không có máy chủ thư thì không nhận đăng ký thư.
# smtp_url = "smtp://user:password@mail.example.gov.vn:587?starttls=1"
# from = "Loa <loa@example.gov.vn>"

[webhooks]
# true only in a closed network: then private addresses and plain http may be called.
# Chỉ đặt true trong mạng kín.
# allow_private_networks = true
"""

PORTAL = """\
# A portal is one file that ends in .toml; this one does not, so it is not read.
# Mỗi cổng một tệp đuôi .toml; tệp này không phải, nên không được đọc.
# `loa portal probe URL --write portals/NAME.toml` writes one for you.
id = "xa-mau"
name = "UBND xã Mẫu"
base_url = "https://xa-mau.example.gov.vn"
kind = "auto"             # td-portal | feed | html | auto

[[listings]]
url = "/chi-dao-dieu-hanh"
category = "directives"   # a hint: the portal's own section
"""


@click.command(cls=LoaCommand)
@click.argument(
    "folder", metavar="[DIR]", type=click.Path(path_type=Path, file_okay=False), default="."
)
@json_option
def init(folder: Path, as_json: bool) -> None:
    """Write a commented loa.toml and a folder portals/ into DIR, and say what to do next.

    What is there stays as it is.

    \b
    Examples:
      loa init
      loa init /etc/loa
    """
    folder = folder.expanduser().absolute()
    config, portals = folder / "loa.toml", folder / "portals"
    written = _write_all(config, portals)
    if as_json:
        facts = {"config": config, "portals_dir": portals, "written": written}
        echo_json(facts)
        return
    for path in (config, portals / "example.toml.txt"):
        click.echo(f"{'written' if path in written else 'kept as it is'}: {path}")
    click.echo(f"portal files are read from: {portals}")
    click.echo("\nnext:")
    for line in (
        f"export LOA_CONFIG={config}",
        f"loa portal probe URL --write {portals}/NAME.toml",
        "loa check",
        "loa serve",
    ):
        click.echo(f"  {line}")


def _write_all(config: Path, portals: Path) -> list[Path]:
    """What was not there yet. Raises ConfigurationError where nothing can be written."""
    from service.errors import ConfigurationError
    from service.settings import shipped

    texts = {
        config: CONFIGURATION.format(shipped=shipped() / "loa.toml"),
        portals / "example.toml.txt": PORTAL,
    }
    try:
        portals.mkdir(parents=True, exist_ok=True)
        return [path for path, text in texts.items() if _write(path, text)]
    except OSError as error:
        raise ConfigurationError(f"cannot write to {str(config.parent)!r}: {error}") from error


def _write(path: Path, text: str) -> bool:
    """False where there is something of that name."""
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        return False
    return True
