"""Commands whose arguments are all judged before one is refused: what is wrong with several is said
at once."""

from __future__ import annotations

import click


class LoaCommand(click.Command):
    """One that names every argument that cannot be, each on a line of its own."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Raises UsageError."""
        try:
            return super().parse_args(ctx, [*args])
        except click.BadParameter as error:
            others = self._others(ctx, args, error)
            if not others:
                raise
            said = [error.format_message(), *others]
            raise click.UsageError("\nError: ".join(said), ctx) from error

    def _others(self, ctx: click.Context, args: list[str], known: click.BadParameter) -> list[str]:
        opts, rest, _ = self.make_parser(ctx).parse_args([*args])
        others = []
        for param in self.get_params(ctx):
            if param is known.param or param.is_eager:
                continue
            try:
                param.handle_parse_result(ctx, opts, rest)
            except click.BadParameter as error:
                others.append(error.format_message())
        return others


class LoaGroup(click.Group):
    """One whose commands are such."""

    command_class = LoaCommand
    group_class = type
