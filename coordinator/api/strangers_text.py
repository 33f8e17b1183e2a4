"""Text that strangers send and others will read: which characters it may hold.

It is data, never a path or markup: `../x` is a fine filename. What is refused would harm whoever shows or stores it:
control characters (headers, logs, Postgres), the marks that turn writing around so that `exe.jpg` reads `gpj.exe`,
and lone surrogates, which are no characters at all. Every check is one pass. Source: failure matrix J8; Unicode TR36.
"""

from collections.abc import Iterator, Mapping
from typing import Final
from unicodedata import category

from coordinator.errors import FieldError, ValidationFailed

__all__ = ["REASON_LENGTH", "check_etag", "check_plain", "check_start", "idempotency_key"]

REASON_LENGTH: Final = 200
"""Characters of the text that an end may carry."""

_FILENAME_BYTES: Final = 1_024
_METADATA_BYTES: Final = 8 * 1024
_HEADER_KEY_LENGTH: Final = 255

_TURNING: Final = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_LINE_ENDS: Final = frozenset("\u2028\u2029")
_HARMFUL_CATEGORIES: Final = frozenset({"Cc", "Cs"})

_TOKEN: Final = frozenset("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
"""Characters of a token, RFC 9110 section 5.6.2."""
_PRINTABLE: Final = frozenset(map(chr, range(0x20, 0x7F)))

_PLAIN: Final = "Expected text without control characters and marks that turn its direction"


def check_start(filename: str, content_type: str | None, metadata: Mapping[str, str]) -> None:
    """The members of a start that hold free text. Raises ValidationFailed naming all that are refused."""
    errors = [*_filename(filename), *_content_type(content_type), *_metadata(metadata)]
    if errors:
        raise ValidationFailed.of(*errors)


def check_plain(path: str, text: str | None) -> None:
    """Raises ValidationFailed."""
    if text is not None and not _is_plain(text):
        raise ValidationFailed.of(FieldError(path, _PLAIN))


def check_etag(path: str, given: str | None) -> str | None:
    """The ETag without its quotes, which stop at this border. Raises ValidationFailed."""
    if given is None:
        return None
    quoted = len(given) > 2 and given.startswith('"') and given.endswith('"')
    bare = given[1:-1] if quoted else given
    if not _PRINTABLE.issuperset(bare) or {'"', " "} & set(bare):
        message = "Expected an ETag as the store answered it: printable ASCII without blanks"
        raise ValidationFailed.of(FieldError(path, message))
    return bare


def idempotency_key(path: str, given: str | None) -> str | None:
    """Raises ValidationFailed unless it is 1 to 255 printable characters of ASCII."""
    if given is None:
        return None
    if not 1 <= len(given) <= _HEADER_KEY_LENGTH or not _PRINTABLE.issuperset(given):
        message = f"Expected 1 to {_HEADER_KEY_LENGTH} printable characters of ASCII"
        raise ValidationFailed.of(FieldError(path, message))
    return given


def _filename(filename: str) -> Iterator[FieldError]:
    if not _is_plain(filename):
        yield FieldError("$.filename", _PLAIN)
    elif ".." in filename.replace("\\", "/").split("/"):
        yield FieldError("$.filename", "Expected a name, not a path that climbs with `..`")
    elif len(filename.encode()) > _FILENAME_BYTES:
        yield FieldError("$.filename", f"Expected at most {_FILENAME_BYTES} bytes in UTF-8")


def _content_type(content_type: str | None) -> Iterator[FieldError]:
    if content_type is None:
        return
    essence, _, parameters = content_type.partition(";")
    family, slash, subtype = essence.strip().partition("/")
    tokens = bool(family and slash and subtype) and _TOKEN.issuperset(family + subtype)
    if not tokens or not _PRINTABLE.issuperset(parameters):
        yield FieldError("$.content_type", "Expected type/subtype, such as video/mp4")


def _metadata(metadata: Mapping[str, str]) -> Iterator[FieldError]:
    if not all(_is_plain(text) for pair in metadata.items() for text in pair):
        yield FieldError("$.metadata", _PLAIN)
    elif sum(len(text.encode()) for pair in metadata.items() for text in pair) > _METADATA_BYTES:
        yield FieldError("$.metadata", f"Expected at most {_METADATA_BYTES} bytes in all")


def _is_plain(text: str) -> bool:
    return not any(
        category(character) in _HARMFUL_CATEGORIES or character in _TURNING or character in _LINE_ENDS
        for character in text
    )
