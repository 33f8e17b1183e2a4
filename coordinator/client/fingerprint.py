"""The fingerprint by which an unfinished upload finds its file again. Exactly:

    SHA-256( size as 8 bytes, big-endian, unsigned
             || the whole file                                              if size <= 196,608
             || bytes [0, 65,536)
             || bytes [(size - 65,536) // 2, + 65,536)
             || bytes [size - 65,536, size)                                 otherwise )

in 64 lower-case hexadecimal digits. The browser client computes the same; tests/js/fingerprint_vectors.json holds both
to it. At most 192 KiB are read, whatever the size. It recognises a file; of one that is larger it proves nothing.
"""

from collections.abc import Callable
from hashlib import sha256
from typing import Final

__all__ = ["fingerprint", "proves_content"]

_SAMPLE: Final = 65_536


def fingerprint(size: int, read: Callable[[int, int], bytes]) -> str:
    """`read(offset, count)` answers with exactly `count` bytes, or raises."""
    digest = sha256(size.to_bytes(8, "big"))
    for offset, count in _samples(size):
        digest.update(read(offset, count))
    return digest.hexdigest()


def proves_content(size: int) -> bool:
    """Whether files of this size that have one fingerprint have the same bytes."""
    return size <= 3 * _SAMPLE


def _samples(size: int) -> list[tuple[int, int]]:
    if proves_content(size):
        return [(0, size)]
    return [(offset, _SAMPLE) for offset in (0, (size - _SAMPLE) // 2, size - _SAMPLE)]
