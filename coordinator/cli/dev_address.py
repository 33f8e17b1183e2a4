"""Address and key of the `coordinator dev` on a data directory, read without disturbing it and without the server's packages."""

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import msgspec

from coordinator.errors import ConfigurationError

__all__ = ["USUAL_DATA_DIR", "DevAddress", "is_own_data_dir", "read_dev_address"]

USUAL_DATA_DIR: Final = Path(".coordinator")

_LOOPBACK: Final = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class DevAddress:
    url: str
    api_key: str | None = field(repr=False)


class _State(msgspec.Struct, frozen=True):
    """What a client needs of state.json; the rest is the server's."""

    service_port: int
    secrets: dict[str, str]


def is_own_data_dir(data_dir: Path) -> bool:
    """Whether it is there and belongs to this user: nobody else's directory decides where files go."""
    try:
        return (data_dir / "state.json").stat().st_uid == os.geteuid()
    except OSError:
        return False


def read_dev_address(data_dir: Path, named_by: str) -> DevAddress:
    """Raises ConfigurationError when it is not the directory of a `coordinator dev`, or another user's."""
    file = data_dir / "state.json"
    try:
        state = msgspec.json.decode(file.read_bytes(), type=_State)
    except (FileNotFoundError, NotADirectoryError):
        problem = f"{data_dir} is not the directory of a `coordinator dev`"
    except PermissionError:
        problem = f"{file} belongs to another user; run as that user"
    except OSError as refused:
        problem = f"{file} cannot be read ({refused.strerror})"
    except msgspec.DecodeError:
        problem = f"{file} cannot be read: it is damaged, or of another version"
    else:
        return DevAddress(f"http://{_LOOPBACK}:{state.service_port}", state.secrets.get("api_key"))
    raise ConfigurationError(named_by, problem)
