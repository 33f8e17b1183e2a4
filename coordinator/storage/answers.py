"""How much of an answer is read: no more than `MAX_ANSWER` bytes, and nothing of a document that defines its own entities.

The SDK reads whatever comes, to its end, and its XML parser expands entities. A store's answers are small (10,000 parts
in one page are some 3 MB) and define none, so whatever exceeds this is not a store's, and its outcome is unknown.
A document with a DTD counts as an empty one: its status still says what a status says (gateways send HTML pages).

Source: Amazon S3 API Reference; OWASP "XML External Entity Prevention": a document with a DTD is refused.
"""

from typing import Any, Final

from aiobotocore.awsrequest import AioAWSResponse
from aiobotocore.httpsession import AIOHTTPSession

__all__ = ["MAX_ANSWER", "AnswerTooLarge", "CappedSession"]

MAX_ANSWER: Final = 16 * 2**20
_PIECE: Final = 2**16


class AnswerTooLarge(ValueError):
    """An answer went on past MAX_ANSWER; the rest was not read, and its connection is closed."""


class CappedSession(AIOHTTPSession):  # type: ignore[misc]  # the SDK ships no types
    """The SDK's way to the network, but for how it reads."""

    async def send(self, request: Any) -> Any:
        """Raises AnswerTooLarge, and what the SDK or aiohttp raise."""
        if request.stream_output:
            return await super().send(request)
        request.stream_output = True
        answer = await super().send(request)
        body = await _read(answer.raw)
        return AioAWSResponse(
            answer.url, answer.status_code, answer.headers, _Whole(b"" if b"<!DOCTYPE" in body else body)
        )


class _Whole:
    """A body that has been read, where the SDK expects to read one."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    async def read(self) -> bytes:
        return self._body


async def _read(raw: Any) -> bytes:
    body = bytearray()
    try:
        async for piece in raw.content.iter_chunked(_PIECE):
            body += piece
            if len(body) > MAX_ANSWER:
                raise AnswerTooLarge(f"the answer has more than {MAX_ANSWER} bytes")
    except BaseException:
        # also when whoever waited gives up: a connection with half an answer on it is of no use to the next call
        raw.close()
        raise
    return bytes(body)
