"""Which parts Complete will name: what the store lists, held against the plan and against the clients' claims.

The manifest never comes from the request. A listed ETag equal to the claim is used; with no claim, the one distinct
listed ETag is used; anything else is refused with the part numbers, so that the client sends just those again. A
store may list a part number more than once (SeaweedFS lists every attempt).
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from coordinator.errors import PartsMismatch, PartsMissing
from coordinator.uploads.model import Manifest, ManifestPart, Part
from coordinator.uploads.plan import Plan
from coordinator.uploads.store import ListedPart

__all__ = ["build_manifest"]


def build_manifest(plan: Plan, listed: Sequence[ListedPart], claims: Mapping[int, Part]) -> Manifest:
    """Raises PartsMissing or PartsMismatch, each with `part_numbers`. `plan` must have a size."""
    rows: defaultdict[int, list[ListedPart]] = defaultdict(list)
    for row in listed:
        rows[row.part_number].append(row)
    numbers = range(1, (plan.part_count or 0) + 1)
    missing = [number for number in numbers if number not in rows]
    if missing:
        raise PartsMissing(
            f"{len(missing)} of {len(numbers)} parts are not at the store: sign and send those in `part_numbers`, then complete again",
            members={"part_numbers": missing},
        )
    chosen = {number: _choose(plan.size_of(number), rows[number], claims.get(number)) for number in numbers}
    differing = [number for number, part in chosen.items() if part is None]
    if differing:
        raise PartsMismatch(
            f"{len(differing)} parts at the store differ from the plan or from what was reported: "
            "sign and send those in `part_numbers` again, report their ETags, then complete again",
            members={"part_numbers": differing},
        )
    return tuple(part for part in chosen.values() if part is not None)


def _choose(size: int, rows: Sequence[ListedPart], claim: Part | None) -> ManifestPart | None:
    fitting = [row for row in rows if row.size == size]
    if claim is not None and claim.etag is not None:
        fitting = [row for row in fitting if row.etag == claim.etag]
    if len({row.etag for row in fitting}) != 1:
        return None
    return ManifestPart(part_number=fitting[0].part_number, etag=fitting[0].etag, size=size)
