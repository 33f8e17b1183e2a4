"""`coordinator upload FILE|DIR|- ...`: sends files, and goes on with those that an earlier attempt left half done."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

from coordinator.cli.arguments import check_content_type, check_name
from coordinator.cli.client_settings import ClientSettings
from coordinator.cli.refusal import given_by, given_without_size
from coordinator.cli.setting import DigestChoice
from coordinator.cli.source import Source, check_named, find_sources
from coordinator.cli.standard_input import standard_input
from coordinator.cli.transfer import Transfer, display_for, run_transfer
from coordinator.client import AsyncClient, OngoingUpload

__all__ = ["UploadWishes", "run_upload"]


@dataclass(frozen=True, slots=True)
class UploadWishes:
    """What is asked for these files, beside the settings."""

    name: str | None
    metadata: dict[str, str]
    content_type: str | None
    file_digest: Literal["md5", "sha256"] | None
    restart: bool
    as_json: bool
    quiet: bool


def run_upload(settings: ClientSettings, named: Sequence[str], wishes: UploadWishes) -> None:
    """Raises SystemExit with the code when not everything was sent, and Failure."""
    check_name(wishes.name)
    check_content_type(wishes.content_type)
    check_named(named, wishes.name)
    # an address that is missing is said before the terminal is touched
    _ = settings.address
    run_transfer(
        Transfer(
            settings=settings,
            found=partial(find_sources, named, wishes.name),
            begin=partial(_begin, settings, wishes),
            display=display_for(as_json=wishes.as_json, quiet=wishes.quiet),
            again=not wishes.restart and not settings["gzip"],
            resumable=not settings["gzip"],
            given=given_by(settings) | given_without_size(settings, named) | _given_by(wishes),
        )
    )


def _given_by(wishes: UploadWishes) -> dict[str, str]:
    given = {
        "filename": ("--name", wishes.name),
        "metadata": ("--metadata", wishes.metadata),
        "content_type": ("--content-type", wishes.content_type),
    }
    return {member: option for member, (option, value) in given.items() if value}


def _begin(
    settings: ClientSettings, wishes: UploadWishes, client: AsyncClient, source: Source
) -> OngoingUpload:
    way = {} if source.way is None else {"path": source.way}
    digest: DigestChoice = settings["digest"]
    return client.uploading(
        standard_input() if source.path is None else source.path,
        # a stream has no fingerprint: it is known again by its name
        name=source.filename if source.path is None else None,
        filename=source.filename,
        metadata={**way, **wishes.metadata},
        content_type=wishes.content_type,
        file_digest=wishes.file_digest,
        digests=digest,
        part_size=settings["part_size"],
        restart=wishes.restart,
        gzip=settings["gzip"],
    )
