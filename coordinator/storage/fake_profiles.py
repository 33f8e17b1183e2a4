"""How real stores deviate from S3's rules, as data for the store in memory: each field is one deviation, off by default.

Probed on the stores named, with their version where it matters; AWS is what its documentation says. Only what changes
the meaning of an upload is here: signatures, CORS and checksums are settled before a call reaches the rules.
"""

from dataclasses import dataclass
from typing import Final

__all__ = ["AWS", "PROFILES", "Profile"]


@dataclass(frozen=True, slots=True)
class Profile:
    """What a store does otherwise than Amazon S3."""

    name: str
    keeps_every_put: bool = False
    """A part sent again does not replace the first: ListParts shows both, and Complete takes whichever is named."""
    abort_of_gone_is_accepted: bool = False
    complete_of_gone_fails: bool = False
    """500 InternalError where S3 says NoSuchUpload; for ever, so that repeating it never ends."""
    second_complete_is_gone: bool = False
    """NoSuchUpload where S3 repeats its first answer."""
    complete_etag_is_empty: bool = False
    head_etag_is_plain: bool = False
    """HEAD shows an ETag without the number of parts, another than Complete did."""
    refuses_a_subset: bool = False
    """Complete must name every part that was sent."""
    refuses_a_second_put: bool = False
    refusal_destroys: bool = False
    """A Complete that is refused takes the upload and its parts along."""
    missing_part_is_gone: bool = False
    """NoSuchUpload for a Complete that names a part which is not there."""
    empty_manifest_is_gone: bool = False
    any_order: bool = False
    any_part_size: bool = False
    lists_parts_of_completed: bool = False
    """ListParts goes on answering after Complete, so that it never says that the upload is gone."""
    abort_during_complete_destroys: bool = False
    """Both succeed, and the object's bytes go with the next collection of garbage."""
    abort_of_leftover_destroys: bool = False
    """An upload still listed after its Complete shares its bytes with the object."""
    ignores_if_none_match: bool = False
    """PutObject writes over what is there whatever the condition says."""
    late_parts_resurrect: bool = False
    """A part whose PUT was under way when the upload was aborted lands; the upload stands again, unlisted."""


AWS: Final = Profile("aws")

PROFILES: Final = {
    profile.name: profile
    for profile in (
        AWS,
        Profile(
            "seaweedfs",  # 4.48
            keeps_every_put=True,
            abort_of_gone_is_accepted=True,
            empty_manifest_is_gone=True,
            abort_of_leftover_destroys=True,  # up to 4.47
        ),
        Profile(
            "resurrecting",  # SeaweedFS up to 4.44
            keeps_every_put=True,
            abort_of_gone_is_accepted=True,
            empty_manifest_is_gone=True,
            abort_of_leftover_destroys=True,
            late_parts_resurrect=True,
        ),
        Profile(
            "radosgw",  # 16.2.15
            complete_of_gone_fails=True,
            complete_etag_is_empty=True,
            refuses_a_subset=True,
            any_order=True,
            abort_during_complete_destroys=True,
        ),
        Profile(
            "minio",  # and JuiceFS' gateway, which is made of it
            second_complete_is_gone=True,
            missing_part_is_gone=True,
            any_part_size=True,
            ignores_if_none_match=True,
        ),
        Profile(
            "rclone",
            second_complete_is_gone=True,
            head_etag_is_plain=True,
            refuses_a_subset=True,
            refuses_a_second_put=True,
            refusal_destroys=True,
            any_part_size=True,
            ignores_if_none_match=True,
        ),
        Profile("swift", lists_parts_of_completed=True, abort_during_complete_destroys=True),
        Profile("moto", complete_of_gone_fails=True),
    )
}
