"""Files to send."""

import hashlib
import random
from dataclasses import dataclass
from pathlib import Path

MIB = 2**20
PART = 8 * MIB
"""The server's own choice for files up to 256 MiB, of up to six parts or of a multiple of six."""

EXTENT = 4096


@dataclass(frozen=True)
class Sample:
    path: Path
    size: int
    sha256: str

    @property
    def name(self) -> str:
        return self.path.name


def write_sample(path: Path, size: int, *, seed: int) -> Sample:
    """Bytes that differ everywhere: a part in the wrong place shows."""
    content = random.Random(seed).randbytes(size)
    path.write_bytes(content)
    return Sample(path, size, hashlib.sha256(content).hexdigest())


def write_disk(path: Path, size: int, *, seed: int) -> Sample:
    """Mostly zeros, as in a disk's image: two of one size differ in one place of each part, far from what is sampled."""
    content = bytearray(size)
    numbers = random.Random(seed)
    for offset in range(PART // 4, size, PART):
        content[offset : offset + EXTENT] = numbers.randbytes(EXTENT)
    path.write_bytes(content)
    return Sample(path, size, hashlib.sha256(content).hexdigest())
