"""How a content comes to its upload: a new one, or the unfinished one that it goes on with.

A fingerprint samples 192 KiB at most, so disk images, empty files and copies share one; a wrong guess would mix two
files in one object. Therefore an upload that the coordinator found by the fingerprint

    has another filename, or place in a folder    is another file's: this one gets an upload of its own
    began otherwise than is asked for now         stays as it is: this one gets an upload of its own
    has the same modification time, or none       goes on, unless a part of it at the store is not this file's (whose.py):
                                                  anybody can set that time
    has another modification time                 goes on where a part of it at the store is proved to be this file's
                                                  (verifying.py); where nothing can be proved, as no part is there yet,
                                                  this one gets an upload of its own: two machines may send two files

What is asked for is what the caller gives: policy, content type, part size, metadata; what is left out may be anything.
The time is kept as `last_modified` in the upload's metadata, in milliseconds since 1970, as the browser client keeps it; a
caller's own value of that name stands in for it.
"""

from dataclasses import dataclass
from uuid import uuid4

from coordinator.client.api import Coordinator, Started
from coordinator.client.digests import Algorithm, Hashing, to_sign
from coordinator.client.ending import abort_if_there
from coordinator.client.files import Content, content_type_of
from coordinator.client.names import plain_name, plain_path
from coordinator.client.options import UploadOptions
from coordinator.client.pace import Pace
from coordinator.protocol import PartToSign, StartBody, UploadAnswer
from coordinator.uploads.plan import AWS_LIMITS

__all__ = ["Start", "is_of_time", "metadata_of", "same_time"]

_LAST_MODIFIED = "last_modified"


@dataclass
class Start:
    """Repeatable: the same start as long as it did not turn out to need another."""

    coordinator: Coordinator
    hashing: Hashing
    options: UploadOptions
    filename: str
    sign: int
    pace: Pace

    def __post_init__(self) -> None:
        self._key = str(uuid4())
        self._restart = self.options.restart
        self._apart = False
        self._part_size = self.options.part_size
        self._cut = False
        self.filename = plain_name(self.filename)
        self.place = plain_path(dict(self.options.metadata or {})).get("path")

    async def run(self, content: Content | None, fingerprint: str | None) -> Started:
        """`content` None: a stream. Raises what the coordinator refuses."""
        digest = await self._digest(content)
        if not self._cut:
            # once, as a repeated start must ask for the same
            self._cut = True
            if self._part_size is None and content is not None:
                self._part_size = self.pace.part_size(content.size)
        while True:
            body = self._body(content, None if self._apart else fingerprint, digest)
            started = await self.coordinator.start(body, self._key)
            ours = self.is_ours(started.upload)
            if started.created or (ours and not self._restart and not self.differences(started.upload)):
                return started
            if ours and self._restart:
                await abort_if_there(self.coordinator, str(started.upload.id))
                self._restart = False
            else:
                self._apart = True
            self.forget()

    def forget(self, *, apart: bool = False) -> None:
        """The next one is another start; `apart`: of an upload that no fingerprint leads to."""
        self._key = str(uuid4())
        self._apart = self._apart or apart

    def is_ours(self, upload: UploadAnswer) -> bool:
        """By the browser client's rule (static/client/resumption.js)."""
        return upload.metadata.get("path") == self.place and upload.filename == self.filename

    def differences(self, upload: UploadAnswer) -> list[str]:
        """In what the upload is not what the caller asks for, in words."""
        asked = self.options
        metadata = plain_path(dict(asked.metadata or {}))
        metadata.pop(_LAST_MODIFIED, None)
        agree = {
            # a token that is bound to a policy starts under it whoever asks for the default one
            "policy": asked.policy in {None, "default", upload.policy},
            "content type": asked.content_type in {None, upload.content_type},
            "part size": asked.part_size in {None, upload.part_size},
            "metadata": metadata.items() <= upload.metadata.items(),
            "compression": upload.size is not None or asked.gzip == (upload.content_encoding == "gzip"),
        }
        return [name for name, same in agree.items() if not same]

    async def _digest(self, content: Content | None) -> PartToSign:
        """Of a file that is one part, whose URL comes with the answer to the start."""
        wanted = self.options.digests
        if content is None or content.size > AWS_LIMITS.min_part_size or wanted in {"auto", "off"}:
            return PartToSign(part_number=1)
        algorithm: Algorithm = "sha256" if wanted == "sha256" else "md5"
        return to_sign(1, algorithm, await self.hashing.submit(content, algorithm, 0, content.size))

    def _body(self, content: Content | None, fingerprint: str | None, digest: PartToSign) -> StartBody:
        options = self.options
        bound = digest.md5 is not None or digest.sha256 is not None
        unbound = options.digests not in {"auto", "off"} and not bound
        one_part = content is not None and content.size <= AWS_LIMITS.min_part_size
        return StartBody(
            filename=self.filename,
            size=None if content is None else content.size,
            content_type=options.content_type or content_type_of(self.filename),
            content_encoding="gzip" if options.gzip else None,
            policy=options.policy or "default",
            metadata=metadata_of(content, options),
            part_size=self._part_size,
            fingerprint=fingerprint,
            md5=digest.md5,
            sha256=digest.sha256,
            # URLs that bind no digest are of no use where digests are wanted
            sign=0 if unbound else 1 if one_part else self.sign,
        )


def metadata_of(content: Content | None, options: UploadOptions) -> dict[str, str]:
    own = plain_path(dict(options.metadata or {}))
    if content is None or content.modified_ns is None:
        return own
    return {_LAST_MODIFIED: str(content.modified_ns // 1_000_000), **own}


def same_time(upload: UploadAnswer, content: Content, options: UploadOptions) -> bool:
    """Whether the upload began with a file of this modification time, as far as it is known."""
    return _LAST_MODIFIED not in upload.metadata or is_of_time(upload, content, options)


def is_of_time(upload: UploadAnswer, content: Content, options: UploadOptions) -> bool:
    """Whether it is known to have begun with a file of this modification time."""
    recorded = upload.metadata.get(_LAST_MODIFIED)
    return recorded is not None and recorded == metadata_of(content, options).get(_LAST_MODIFIED)
