"""The command `loa`: a table of commands, each imported only when it is asked for.

Owns the names and the order of `loa --help`; knows nothing of what a command does.
"""

from __future__ import annotations

import difflib
import errno
import io
import os
import sys
from importlib import import_module
from typing import Any

import click

from service.errors import InvalidInput, LoaError, NotFound

COMMANDS: dict[str, tuple[str, str]] = {
    "demo": ("service.cli.demo:demo", "The whole job on this machine, with nothing configured."),
    "init": ("service.cli.init_command:init", "Write a configuration to begin with."),
    "serve": ("service.cli.serve:serve", "Poll, deliver and serve, all under one command."),
    "web": ("service.cli.serve:web", "Only serve feeds, pages and the API."),
    "worker": ("service.cli.serve:worker", "Only poll and deliver."),
    "poll": ("service.cli.poll_command:poll", "Poll portals now and report each listing."),
    "deliver": ("service.cli.deliver:deliver", "Send everything that is due now, once."),
    "portal": ("service.cli.portal_commands:portal", "Portals: probe, check, release, list."),
    "coverage": (
        "service.cli.coverage_command:coverage",
        "From when to when each listing was read without a gap.",
    ),
    "post": ("service.cli.post:post", "Posts: list, show, recategorise."),
    "classify": (
        "service.cli.classify_command:classify",
        "Classify titles: JSON lines in, JSON lines out.",
    ),
    "unit": ("service.cli.unit:unit", "The offices that must know."),
    "place": (
        "service.cli.place_command:place",
        "Communes, wards and đặc khu: find one, see what it became.",
    ),
    "subscription": (
        "service.cli.subscription:subscription",
        "Who wants which posts, and over which channel.",
    ),
    "delivery": (
        "service.cli.delivery:delivery",
        "The ledger: what was sent, what failed, what waits.",
    ),
    "pull": ("service.cli.pull_command:pull", "Ask a Loa for what this office is owed."),
    "webhook": (
        "service.cli.webhook_command:webhook",
        "For who writes a receiver: examples, schemas, and a receiver to try.",
    ),
    "why": ("service.cli.why_command:why", "Why a subscription did or did not get a post."),
    "receipt": ("service.cli.receipt:receipt", "Who has acknowledged a post, and who has not."),
    "mail": ("service.cli.mail_command:mail", "Every kind of mail, to be read beforehand."),
    "bounce": ("service.cli.bounce_command:bounce", "Take a bounced mail on stdin."),
    "erase": ("service.cli.erase:erase", "Forget a person."),
    "token": ("service.cli.token:token", "API tokens."),
    "key": ("service.cli.key:key", "The key that signs links and seals secrets."),
    "check": ("service.cli.check_command:check", "Is everything in order? If not, what to do."),
    "export": ("service.cli.export:export", "Write every feed and page as files."),
    "backup": (
        "service.cli.backup_command:backup",
        "A consistent copy of the database, while running.",
    ),
    "bench": ("service.cli.bench:bench", "The benchmarks."),
}
"""Name of the command: where it is, and what `loa --help` says of it."""

LISTED = {
    kind: f"`loa {kind} list`" for kind in ("post", "unit", "subscription", "delivery", "token")
}
"""By kind of a thing that is named but not there: where its kind is listed."""


KEPT = {
    "poll": "every listing that was read to its end is kept; the others are read the next time",
    "deliver": "what was sent is sent; what was under way may come twice, under the same id",
    "portal": "what was read is kept; run it again to go on",
    "export": "the files that are written are whole; the others are as before; run it again",
    "backup": "there is no whole backup: remove what was begun, and run it again",
    "post": "what was decided is kept; run it again to go on",
    "unit": "what is done is kept; run it again to go on, nothing is done twice",
    "subscription": "what is done is kept; run it again to go on, nothing is done twice",
    "demo": "its temporary folder is gone",
    "bench": "nothing was kept",
}
"""By command: what is left when somebody ends it (Ctrl-C)."""


class LazyGroup(click.Group):
    """A group that imports a command when it runs, not when it is listed."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, _ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            close = difflib.get_close_matches(args[0], COMMANDS, n=1)
            hint = f" Did you mean {close[0]!r}?" if close else ""
            ctx.fail(f"There is no command {args[0]!r}.{hint} Commands: {', '.join(COMMANDS)}.")
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        _ready_output()
        try:
            return super().invoke(ctx)
        except OSError as error:
            if error.errno not in _OUTPUT_FAULTS:
                raise
            click.echo(f"loa: cannot write the answer: {error.strerror}", err=True)
            sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123,SIM115  # what is left is flushed at exit
            raise click.exceptions.Exit(1) from error
        except KeyboardInterrupt:
            from service.cli.progress import stopped_at

            kept = KEPT.get(ctx.invoked_subcommand or "", "what was written stays")
            click.echo(f"loa: stopped{stopped_at(ctx)}; {kept}", err=True)
            raise click.exceptions.Exit(1) from None
        except LoaError as error:
            from service.cli.common import exit_code, warn

            for line in _said(error):
                warn(line)
            raise click.exceptions.Exit(exit_code(error)) from error


def _said(error: LoaError) -> list[str]:
    """A line for each thing that is wrong."""
    if isinstance(error, InvalidInput):
        return [one.said_alone("en") for one in error.faults]
    listed = LISTED.get(error.kind) if isinstance(error, NotFound) else None
    return [f"{error}; {listed} shows those there are" if listed else str(error)]


_OUTPUT_FAULTS = frozenset({errno.ENOSPC, errno.EIO, errno.EBADF})
"""What a full disk, a dead terminal and a closed descriptor say to who writes; a database says
StorageError."""


def _ready_output() -> None:
    """A closed stdout is nowhere, and a letter that the terminal does not know is `?`: neither ends
    a command."""
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123,SIM115  # for as long as the process lives
    elif isinstance(sys.stdout, io.TextIOWrapper) and sys.stdout.encoding.lower() not in (
        "utf-8",
        "utf8",
    ):
        sys.stdout.reconfigure(errors="replace")


def _remember_config(ctx: click.Context, _param: click.Parameter, value: str | None) -> None:
    ctx.meta["service.cli.config"] = value


def _echo_version(ctx: click.Context, _param: click.Parameter, is_asked: bool) -> None:
    if is_asked and not ctx.resilient_parsing:
        from service.cli.version import version_line

        click.echo(version_line())
        ctx.exit()


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option(
    "--config",
    metavar="FILE",
    envvar="LOA_CONFIG",
    expose_value=False,
    callback=_remember_config,
    help="A file that overrides the shipped configuration key by key. [env: LOA_CONFIG]",
)
@click.option(
    "--version",
    is_flag=True,
    expose_value=False,
    is_eager=True,
    callback=_echo_version,
    help="Show version, revision and the database's schema.",
)
def main() -> None:
    """Loa hears what government portals publish, and makes sure that everyone who must know, knows.

    Times are by the clock of service.timezone for people, and in UTC with --json.

    \b
    Examples:
      loa demo                  see the whole job on this machine, nothing configured
      loa init                  write a loa.toml and portals/ to begin with
      loa serve                 poll, deliver and serve
      loa COMMAND --help        what a command does, with an example
    """
