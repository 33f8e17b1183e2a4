"""Query parameters, refused and explained like members of a body: unknown ones, wrong types, bounds, repetitions.

Lists come comma-separated or repeated (`?state=open,creating`, `?state=open&state=creating`).
"""

from functools import cache
from typing import Annotated, Literal, TypeVar
from uuid import UUID

import msgspec
from msgspec import Meta, Struct
from starlette.datastructures import QueryParams

from coordinator.api.strangers_text import REASON_LENGTH
from coordinator.errors import FieldError, ValidationFailed
from coordinator.http.bodies import refusal

__all__ = ["AbortQuery", "ListQuery", "NoQuery", "PartsQuery", "decode_query"]

Q = TypeVar("Q", bound=Struct)

StateName = Literal["creating", "open", "completing", "completed", "aborting", "aborted", "failed"]


class NoQuery(Struct, forbid_unknown_fields=True, frozen=True):
    """None are understood."""


class ListQuery(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """`GET /v1/uploads`."""

    state: Annotated[list[StateName], Meta(max_length=7)] = []
    older_than: Annotated[int, Meta(ge=0, le=10**9, description="Seconds since the start.")] | None = None
    prefix: Annotated[str, Meta(max_length=255, description="How the filename begins.")] | None = None
    limit: Annotated[int, Meta(ge=1, le=1_000)] = 100
    cursor: Annotated[UUID, Meta(description="`next` of the page before.")] | None = None


class PartsQuery(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """`GET /v1/uploads/{id}/parts`."""

    refresh: Annotated[bool, Meta(description="First merge what the store lists.")] = False
    limit: Annotated[int, Meta(ge=1, le=1_000)] = 1_000
    cursor: Annotated[int, Meta(ge=0, le=10_000, description="`next` of the page before.")] = 0


class AbortQuery(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """`DELETE /v1/uploads/{id}`."""

    reason: Annotated[str, Meta(max_length=REASON_LENGTH, description="Kept with the upload.")] | None = None


def decode_query(given: QueryParams, wanted: type[Q]) -> Q:
    """Raises ValidationFailed."""
    lists = _lists_of(wanted)
    values: dict[str, str | list[str]] = {}
    for name in given:
        all_of_it = given.getlist(name)
        if name in lists:
            values[name] = [item for text in all_of_it for item in text.split(",")]
        elif len(all_of_it) > 1:
            raise ValidationFailed.of(FieldError(f"$.{name}"[:200], "Expected this parameter once"))
        else:
            values[name] = all_of_it[0]
    try:
        return msgspec.convert(values, wanted, strict=False)
    except msgspec.ValidationError as refused:
        raise refusal(refused) from None


@cache
def _lists_of(wanted: type[Struct]) -> frozenset[str]:
    return frozenset(
        member.name for member in msgspec.structs.fields(wanted) if member.default_factory is list
    )
