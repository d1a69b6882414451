"""What commands share: the configuration option, opening Loa, JSON, tables, exit codes.

Knows no command. A command gets its Loa by `@pass_loa` and its `--json` by `@json_option`.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from service.errors import ConfigurationError, Conflict, InvalidInput, LoaError, NotFound

if TYPE_CHECKING:
    from service.bootstrap import Loa
    from service.values import Locale

FAILED = 1
MISUSED = 2

_CONFIG = "service.cli.config"


def exit_code(error: LoaError) -> int:
    """2 for what the caller or the operator wrote, 1 for what failed in the world."""
    is_misuse = isinstance(error, ConfigurationError | InvalidInput | NotFound | Conflict)
    return MISUSED if is_misuse else FAILED


def fail(message: str) -> NoReturn:
    """Says on stderr what failed, and ends with exit code 1."""
    click.echo(f"loa: {_without_controls(message)}", err=True)
    raise click.exceptions.Exit(FAILED)


def warn(message: str) -> None:
    """One line on stderr; the command goes on."""
    click.echo(f"loa: {_without_controls(message)}", err=True)


def _without_controls(message: str) -> str:
    """What was said elsewhere, on lines of its own where it has any."""
    return "\n".join(printable_cell(line) for line in message.split("\n"))


def not_done(jobs: Sequence[str]) -> str:
    """What is said of parts of a round that failed."""
    return f"could not look after: {', '.join(jobs)}; the log says why"


def _remember(ctx: click.Context, param: click.Parameter, value: str | None) -> None:
    is_named_here = (
        ctx.get_parameter_source(param.name or "") is click.core.ParameterSource.COMMANDLINE
    )
    if is_named_here or ctx.meta.get(_CONFIG) is None:
        ctx.meta[_CONFIG] = value


def config_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds `--config FILE`, which counts more than `loa --config FILE` before the command."""
    return click.option(
        "--config",
        metavar="FILE",
        envvar="LOA_CONFIG",
        expose_value=False,
        callback=_remember,
        help="A file that overrides the shipped configuration key by key. [env: LOA_CONFIG]",
    )(command)


def json_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds `--json`; the command gets `as_json`."""
    return click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")(
        command
    )


def config_path() -> Path | None:
    """The file that `--config` or LOA_CONFIG names; None for the shipped configuration alone."""
    value = click.get_current_context().meta.get(_CONFIG)
    return Path(value) if value else None


def open_configured_loa(*, is_verbose: bool = False) -> Loa:
    """Loa as configured for this command; closed when the command ends."""
    import os

    from service import bootstrap, logs
    from service.services.audit_acts import Origin, acting

    logs.configure(is_verbose=is_verbose)
    loa = bootstrap.open_loa(config_path(), os.environ)
    context = click.get_current_context()
    context.call_on_close(loa.close)
    context.call_on_close(lambda: acting(None))
    acting(Origin("command", _login()))
    return loa


def _login() -> str:
    """Of whoever runs the command, as the log of who did what has it; its number where it has no
    name."""
    import os
    import pwd

    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


def pass_loa(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds `--config` and hands the command an open Loa as its first argument.

    >>> @click.command(cls=LoaCommand)
    ... @pass_loa
    ... def units(loa): ...
    """

    @config_option
    @functools.wraps(command)
    def with_loa(*args: Any, **kwargs: Any) -> Any:
        return command(open_configured_loa(), *args, **kwargs)

    return with_loa


# --- what is printed --------------------------------------------------------------------------


def json_instant(instant: datetime) -> str:
    """An instant as JSON output has it: UTC, `Z`."""
    from service.values import rfc3339 as formatted

    return formatted(instant)


def as_plain(value: Any) -> Any:
    """A value as JSON knows it."""
    from service.values import plain as made

    return made(value)


def echo_json(value: Any) -> None:
    """One document on stdout, UTF-8 whatever the terminal's locale."""
    import json

    from service import logs

    text = logs.escaped(json.dumps(as_plain(value), ensure_ascii=False, indent=2))
    sys.stdout.flush()
    sys.stdout.buffer.write(text.encode("utf-8", "surrogatepass") + b"\n")
    sys.stdout.buffer.flush()


def local(instant: datetime | None, locale: Locale) -> str:
    """An instant for people: to the minute, by the service's clock; empty for None."""
    return "" if instant is None else f"{locale.at(instant):%Y-%m-%d %H:%M}"


def echo_table(
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    empty: str = "nothing",
    is_headed: bool = True,
) -> None:
    """A table on a terminal; tab-separated lines elsewhere, so that `cut` and `awk` work, with a
    heading unless they go on with what was printed."""
    cells = [["" if cell is None else printable_cell(cell) for cell in row] for row in rows]
    if not cells:
        click.echo(empty)
    elif sys.stdout.isatty():
        from service.cli.tables import echo_fitting

        echo_fitting(columns, cells)
    else:
        for line in ([*columns], *cells) if is_headed else cells:
            click.echo("\t".join(cell.replace("\t", " ") for cell in line))


def printable_cell(cell: object) -> str:
    """No control character reaches a terminal: a title may hold escape sequences."""
    from service import logs

    return logs.printable(str(cell.value if isinstance(cell, Enum) else cell))


def echo_facts(facts: Mapping[str, object]) -> None:
    """One thing, a line for each fact; facts without a value are left out."""
    shown = {key: value for key, value in facts.items() if value not in (None, "", (), [])}
    width = max(map(len, shown), default=0)
    for key, value in shown.items():
        lines = [str(item) for item in value] if isinstance(value, list | tuple) else [str(value)]
        for number, line in enumerate(lines):
            click.echo(f"{key if number == 0 else '':{width}}  {printable_cell(line)}")
