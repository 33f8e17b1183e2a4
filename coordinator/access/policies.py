"""Under which rules an upload may start: the named policies of the settings, narrowed by the credentials.

A token that is bound to a policy starts uploads under that one alone; a request that names none (and so says
`default`) gets the token's. The narrower of the policy's and the token's size counts, and it counts for streams too:
what has no length cannot be held to one, so it is refused where there is a limit.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from coordinator.access.principals import Principal
from coordinator.errors import (
    EncodingNotAllowed,
    FieldError,
    Forbidden,
    SizeNotAllowed,
    UnknownPolicy,
    ValidationFailed,
)
from coordinator.settings import Policy
from coordinator.uploads.model import Method
from coordinator.uploads.requests import Rules

__all__ = ["DEFAULT_POLICY", "Policies"]

DEFAULT_POLICY: Final = "default"
_UNSAID_TYPE: Final = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class Policies:
    """The settings' policies by name."""

    by_name: Mapping[str, Policy]

    def known(self, name: str) -> Policy:
        """Raises UnknownPolicy."""
        try:
            return self.by_name[name]
        except KeyError:
            raise UnknownPolicy("Start the upload under a policy that the service's settings name.") from None

    def rules(
        self,
        principal: Principal,
        name: str,
        *,
        size: int | None,
        content_type: str | None,
        content_encoding: str | None = None,
    ) -> Rules:
        """The rules for one start. `size` in bytes, None for a stream; the service holds it to `max_size`.

        Raises Forbidden (the token is bound to another policy), UnknownPolicy, EncodingNotAllowed, SizeNotAllowed,
        ValidationFailed.
        """
        chosen = _choose(principal, name)
        policy = self.known(chosen)
        # before the size: a file that is compressed on its way has none, and has one as it is
        _check_encoding(content_encoding, policy.content_encodings)
        max_size = _least(policy.max_size, principal.max_size)
        if size is None and max_size is not None:
            raise SizeNotAllowed(f"At most {max_size} bytes are allowed here, so `size` must be given.")
        if policy.content_types and not _allowed(content_type or _UNSAID_TYPE, policy.content_types):
            allowed = ", ".join(policy.content_types)
            raise ValidationFailed.of(FieldError("$.content_type", f"The policy allows {allowed} alone"))
        return Rules(
            chosen,
            max_size,
            policy.max_part_size,
            policy.content_types,
            policy.lifetime,
            Method(policy.small_files),
        )


def _choose(principal: Principal, name: str) -> str:
    bound = principal.policy
    if bound is None or name == bound:
        return name
    if name != DEFAULT_POLICY:
        raise Forbidden("This token starts uploads under its own policy alone.")
    return bound


def _least(*limits: int | None) -> int | None:
    return min((limit for limit in limits if limit is not None), default=None)


def _check_encoding(given: str | None, allowed: tuple[str, ...] | None) -> None:
    """Raises EncodingNotAllowed."""
    if given is None or allowed is None or given in allowed:
        return
    said = f"The policy does not allow {given}; it allows {' and '.join(allowed) or 'none'}"
    raise EncodingNotAllowed(
        f"{said}. Send the file as it is, without `content_encoding`, or under a policy that allows it.",
        errors=[FieldError("$.content_encoding", said)],
    )


def _allowed(content_type: str, patterns: tuple[str, ...]) -> bool:
    essence = content_type.partition(";")[0].strip().lower()
    family, slash, _ = essence.partition("/")
    return any(pattern.lower() in {essence, f"{family}{slash}*", "*/*"} for pattern in patterns)
