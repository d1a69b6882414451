"""A channel's name in a body or query: one of those in the table, said as such where it is
another."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from service.channels import CHANNELS
from service.types import Channel


class _ChannelType:
    def __get_pydantic_core_schema__(
        self, source: object, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        members = {name.upper(): str(name) for name in CHANNELS}
        names: Any = StrEnum("Channel", members)  # type: ignore[misc] # the table's names, known at start
        return core_schema.no_info_after_validator_function(
            lambda name: Channel(name.value), handler.generate_schema(names)
        )


ChannelName = Annotated[Channel, _ChannelType()]
