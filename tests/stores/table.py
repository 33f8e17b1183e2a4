"""The table of docs/stores.md, from the profiles."""

from typing import Final

from tests.stores import moto, rclone, swift
from tests.stores.known import SEAWEEDFS
from tests.stores.profile import AsRequired

__all__ = ["table"]

PROFILES: Final = {
    "SeaweedFS": SEAWEEDFS,
    "Swift": swift.PROFILE,
    "rclone": rclone.PROFILE,
    "moto": moto.PROFILE,
}

ROWS: Final = {
    "checks_signatures": "signatures are checked",
    "refuses_expired_with": "an expired URL is answered with",
    "checks_md5": "a part that is not its `Content-MD5`",
    "checks_sha256": "a part that is not its `x-amz-checksum-sha256`",
    "refusal_of_complete": "a Complete that is refused",
    "wrong_order": "a Complete whose parts are out of order",
    "parts_per_page": "parts on a page of ListParts",
    "least_part_size": "5 MiB as the least size of a part",
    "part_sent_again": "a part that is sent again",
    "second_complete": "a second Complete is answered as",
    "complete_of_a_gone_upload": "Complete of a gone upload is answered as",
    "part_of_a_gone_upload": "a part of a gone upload is answered with",
    "part_after_complete": "a part that comes after Complete",
    "list_parts_after_complete": "after Complete, ListParts says",
    "second_abort": "a second Abort is answered as",
    "abort_after_complete": "an Abort after Complete is answered as",
    "put_over_an_object": "a PUT with `If-None-Match: *` where there is an object",
    "object_etag": "the ETag in HEAD is an MD5",
}
"""A field of StoreProfile, and how a reader calls it."""


def table() -> str:
    """Markdown. What is as required stays empty."""
    head = ["", "required", *PROFILES]
    lines = [_line(head), _line(["---"] * len(head))]
    for name, words in ROWS.items():
        required = getattr(AsRequired, name)
        values = [getattr(profile, name) for profile in PROFILES.values()]
        cells = ["" if value == required else f"**{_said(value)}**" for value in values]
        lines.append(_line([words, _said(required), *cells]))
    return "\n".join(lines)


def _said(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    print(table())
