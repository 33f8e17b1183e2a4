"""How a store differs from what the house requires, as data: the contract's cases and docs/stores.md read it.

The defaults are the requirement, which is what AWS documents. A case asserts a deviation named here exactly, so that a
store which mends its ways, or finds new ones, is noticed.
"""

from typing import Literal

import msgspec

__all__ = ["AsRequired", "StoreProfile"]


class StoreProfile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One store's deviations, written as JSON in TEST_STORE_DEVIATIONS for a store of one's own."""

    checks_signatures: bool = True
    """False: whatever is asked for is done, signed or not. Nothing about signing counts that such a store says."""
    refuses_expired_with: int = 403
    checks_md5: Literal["refuses", "refuses and destroys the upload", "stores"] = "refuses"
    """What becomes of a part whose Content-MD5 is another's."""
    checks_sha256: Literal["refuses", "stores"] = "refuses"
    """The same for x-amz-checksum-sha256: without it a digest bound in a URL proves nothing."""
    refusal_of_complete: Literal["keeps the upload", "destroys the upload"] = "keeps the upload"
    wrong_order: Literal["is refused", "is accepted"] = "is refused"
    """Of parts in Complete; the house sends them in order."""
    parts_per_page: int = 1000
    """Of ListParts."""
    least_part_size: Literal["enforced", "ignored"] = "enforced"
    part_sent_again: Literal["replaces the first", "is listed beside the first", "is refused"] = (
        "replaces the first"
    )
    second_complete: Literal["accepted", "gone"] = "accepted"
    complete_of_a_gone_upload: Literal["gone", "unknown"] = "gone"
    """Unknown: 500, which tells nothing."""
    part_of_a_gone_upload: int = 404
    part_after_complete: Literal["is refused", "breaks the object"] = "is refused"
    """Why URLs live for minutes: no call can take one back, and HEAD shows nothing of it."""
    list_parts_after_complete: Literal["gone", "listed"] = "gone"
    second_abort: Literal["gone", "accepted"] = "gone"
    abort_after_complete: Literal["gone", "accepted"] = "gone"
    put_over_an_object: Literal["is refused", "is accepted"] = "is refused"
    """With `If-None-Match: *`: where it is accepted, small files are put in one request only when their MD5 is known."""
    object_etag: Literal["of parts", "of bytes"] = "of parts"
    """HEAD's: the MD5 of the parts' MD5s with their count, or the MD5 of the whole."""


AsRequired = StoreProfile()
