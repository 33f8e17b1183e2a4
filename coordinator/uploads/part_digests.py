"""Which digests the parts of an upload are bound to: the policy says whether, the store says which.

A digest in a signed header proves something only where the store compares it with the bytes. Content-MD5 is compared by
every store that was probed; `x-amz-checksum-sha256` by some, stored unread by others, refused by a few. So the store is
asked once, at start-up. Source: docs/stores.md.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Literal

from coordinator.errors import DigestRequired
from coordinator.uploads.model import Upload
from coordinator.uploads.requests import StartRequest, WantedPart

__all__ = ["DigestRule", "PartAlgorithm", "PartDigests"]

PartAlgorithm = Literal["sha256", "md5"]

_FALLBACK: Final = "default"


class DigestRule(StrEnum):
    """What a policy says of part digests. One that comes is bound into its part's URL under each of them."""

    OFF = "off"
    """Clients are told not to compute any."""
    OPTIONAL = "optional"
    REQUIRED = "required"
    """Nothing is signed or relayed without one."""


@dataclass(frozen=True, slots=True)
class PartDigests:
    algorithms: tuple[PartAlgorithm, ...] = ("md5",)
    """Those that the store holds the bytes to, best first."""
    rules: Mapping[str, DigestRule] = field(default_factory=dict)
    """By policy."""

    def rule(self, policy: str) -> DigestRule:
        """Of a policy that is no longer in the settings: that of `default`."""
        return self.rules.get(policy) or self.rules.get(_FALLBACK, DigestRule.OPTIONAL)

    def admits(self, upload: Upload, part: WantedPart) -> bool:
        """Whether the part may be signed as it is."""
        if self.rule(upload.policy) is not DigestRule.REQUIRED or upload.bound_md5 is not None:
            return True
        given: Mapping[PartAlgorithm, str | None] = {"sha256": part.sha256, "md5": part.md5}
        return any(given[algorithm] is not None for algorithm in self.algorithms)

    def admits_start(self, upload: Upload, request: StartRequest) -> bool:
        """Whether a start may be answered with URLs: of the only part, whose digest it names; else of none yet."""
        lone = upload.part_count == 1
        return self.admits(
            upload, WantedPart(1, md5=request.md5, sha256=request.sha256) if lone else WantedPart(1)
        )

    def require(self, upload: Upload, wanted: Sequence[WantedPart]) -> None:
        """Raises DigestRequired naming the parts that lack one."""
        unbound = [part.part_number for part in wanted if not self.admits(upload, part)]
        if unbound:
            named = " or ".join(f"`{algorithm}`" for algorithm in self.algorithms)
            raise DigestRequired(
                f"The policy {upload.policy!r} has every part bound to a digest: give {named} for those in "
                "`part_numbers`.",
                members={"part_numbers": unbound, "algorithms": list(self.algorithms)},
            )
