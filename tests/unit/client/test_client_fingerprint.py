import json
from pathlib import Path

from coordinator.client.files import MemoryContent, open_file
from coordinator.client.fingerprint import fingerprint

VECTORS = Path(__file__).parents[2] / "js" / "fingerprint_vectors.json"


def content(size: int) -> bytes:
    return bytes((31 * i + i // 256) % 256 for i in range(size))


def test_is_the_browsers() -> None:
    for vector in json.loads(VECTORS.read_text())["vectors"]:
        made = content(vector["size"])
        assert MemoryContent(made, "x").fingerprint() == vector["fingerprint"], vector["size"]


def test_of_a_file_reads_at_most_three_samples(tmp_path: Path) -> None:
    path = tmp_path / "sparse"
    with path.open("wb") as file:
        file.truncate(10 * 1024**4)
    asked: list[int] = []
    opened = open_file(path)

    def read(offset: int, count: int) -> bytes:
        asked.append(count)
        return opened.read(offset, count)

    fingerprint(opened.size, read)
    assert sum(asked) == 3 * 65_536
