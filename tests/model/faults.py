"""What the store is told to do wrong next."""

from typing import Final

from coordinator.storage.errors import Operation
from coordinator.storage.faults import WIRE, Fault, KeepUpload, ListTwice, Pretend, Refuse, Resurrect, Twice
from coordinator.uploads.store import CompletedObject, StoreMisconfigured, StoreRefused

__all__ = ["FAULTS_OF", "Misfortune"]

Misfortune = tuple[Operation, Fault]

_OF_COMPLETE: Final = {"409", "412", "412 against our own object"}
_OF_LISTS: Final = {"pages that do not end, or ignore their marker"}

_PECULIAR: Final[dict[Operation, tuple[Fault, ...]]] = {
    "create_multipart_upload": (Twice(),),
    "list_multipart_uploads": (),
    "list_parts": (ListTwice(),),
    "complete_multipart_upload": (
        KeepUpload(),
        Pretend(CompletedObject(None, None)),
        Refuse(StoreRefused("complete_multipart_upload", "InvalidPart")),
        Refuse(StoreRefused("complete_multipart_upload", "EntityTooSmall")),
    ),
    "abort_multipart_upload": (Resurrect(), Pretend()),
    "head_object": (),
    "delete_object": (Pretend(), Twice()),
}


def _of(operation: Operation) -> tuple[Misfortune, ...]:
    strange = set() if operation == "complete_multipart_upload" else _OF_COMPLETE
    strange = strange if operation.startswith("list") else strange | _OF_LISTS
    faults = [fault for name, fault in WIRE.items() if name not in strange]
    refused = Refuse(StoreMisconfigured(operation, "AccessDenied"))
    return tuple((operation, fault) for fault in (*faults, refused, *_PECULIAR[operation]))


FAULTS_OF: Final = {operation: _of(operation) for operation in _PECULIAR}
"""Every way in which a call of each operation can fail."""
