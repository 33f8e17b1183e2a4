"""What must be in the row before a URL is answered. The URLs themselves are the signing room's."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, cast

import pytest

from coordinator.errors import Completing, StorageUnavailable
from coordinator.signing.credentials import (
    Credentials,
    CredentialSource,
    CredentialsUnavailable,
    StaticCredentials,
)
from coordinator.signing.presigner import Addressing, Presigner
from coordinator.uploads.ledger import UploadRepository
from coordinator.uploads.model import Upload, UploadId
from coordinator.uploads.plan import MIB
from coordinator.uploads.requests import WantedPart
from coordinator.uploads.state import State
from coordinator.uploads.url_signer import UrlSigner
from tests.unit.uploads.rows import NOW, a_row

SIZED = [(WantedPart(1), 8 * MIB)]


@dataclass
class Ledger:
    """Answers `extend` as it is told to, and remembers what it was asked to write."""

    extends: Iterator[bool]
    row: Upload
    written: list[datetime | None] = field(default_factory=list)

    async def extend(self, *_: object, urls_until: datetime | None, **__: object) -> bool:
        self.written.append(urls_until)
        return next(self.extends)

    async def reread(self, _: UploadId) -> Upload:
        return self.row


class NoCredentials:
    def current(self) -> Credentials:
        raise CredentialsUnavailable("none")


def signer(ledger: Any, credentials: CredentialSource | None = None) -> UrlSigner:
    presigner = Presigner(
        addressing=Addressing("https://store.example", "auto", "uploads", "path"),
        credentials=credentials or StaticCredentials(Credentials("AKID", "hush")),
        clock=lambda: NOW,
    )
    return UrlSigner(presigner, cast("UploadRepository", ledger), url_expires=900, download_expires=300)


UNTIL = NOW + timedelta(seconds=960)


async def test_the_row_knows_of_the_last_url_before_it_is_answered() -> None:
    ledger = Ledger(iter([True]), a_row())
    [signed] = await signer(ledger).sign(a_row(), SIZED)
    assert ledger.written == [UNTIL]
    assert signed.expires_at == UNTIL - timedelta(seconds=60)


@pytest.mark.parametrize(("known", "writes"), [(-61, 1), (-60, 0), (0, 0), (600, 0)])
async def test_it_is_written_again_only_when_it_is_more_than_a_minute_later(known: int, writes: int) -> None:
    ledger = Ledger(iter([True]), a_row())
    await signer(ledger).sign(a_row(urls_until=UNTIL + timedelta(seconds=known)), SIZED)
    assert len(ledger.written) == writes


async def test_an_upload_that_closes_meanwhile_is_not_signed() -> None:
    ledger = Ledger(iter([False]), a_row(state=State.COMPLETING))
    with pytest.raises(Completing):
        await signer(ledger).sign(a_row(), SIZED)


async def test_an_upload_that_closed_and_is_open_again_is_written_to_before_it_is_signed() -> None:
    ledger = Ledger(iter([False, True]), a_row())
    assert await signer(ledger).sign(a_row(), SIZED)
    assert ledger.written == [UNTIL, UNTIL]


async def test_missing_credentials_are_the_operator_s_trouble_and_pass() -> None:
    ledger = Ledger(iter([True]), a_row())
    with pytest.raises(StorageUnavailable) as refused:
        await signer(ledger, NoCredentials()).sign(a_row(), SIZED)
    assert refused.value.retry_after == 10
    with pytest.raises(StorageUnavailable):
        signer(ledger, NoCredentials()).download(a_row(state=State.COMPLETED))
