"""The fingerprint by which an unfinished upload finds its file again. Exactly:

    SHA-256( size as 8 bytes, big-endian, unsigned
             || the whole file                                              if size <= 196,608
             || bytes [0, 65,536)
             || bytes [(size - 65,536) // 2, + 65,536)
             || bytes [size - 65,536, size)                                 otherwise )

in 64 lower-case hexadecimal digits. The browser client computes the same; tests/js/fingerprint_vectors.json holds both
to it. At most 192 KiB are read, whatever the size. It recognises a file, it does not prove its content.
"""

from collections.abc import Callable
from hashlib import sha256
from typing import Final

__all__ = ["fingerprint"]

_SAMPLE: Final = 65_536


def fingerprint(size: int, read: Callable[[int, int], bytes]) -> str:
    """`read(offset, count)` answers with exactly `count` bytes, or raises."""
    digest = sha256(size.to_bytes(8, "big"))
    for offset, count in _samples(size):
        digest.update(read(offset, count))
    return digest.hexdigest()


def _samples(size: int) -> list[tuple[int, int]]:
    if size <= 3 * _SAMPLE:
        return [(0, size)]
    return [(offset, _SAMPLE) for offset in (0, (size - _SAMPLE) // 2, size - _SAMPLE)]
