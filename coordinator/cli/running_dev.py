"""The settings of a `coordinator dev` that runs, read from its data directory without disturbing it."""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from coordinator.errors import ConfigurationError
from coordinator.local.bucket import REGION
from coordinator.local.data_directory import SETTING, State
from coordinator.local.ports import LOOPBACK
from coordinator.local.postgres import DATABASE, ROLE
from coordinator.local.stack import BUCKET
from coordinator.settings import Settings, load_settings

__all__ = ["settings_of_running_dev"]


def settings_of_running_dev(data_dir: Path, overrides: Mapping[str, object]) -> Settings:
    """As `dev` made them; its lock is not taken. Raises ConfigurationError when there is no such directory."""
    state = _state(data_dir / "state.json")
    pages = tuple(f"http://{host}:{state.service_port}" for host in (LOOPBACK, "localhost"))
    return load_settings(
        {
            "database_url": f"postgresql://{ROLE}:{state.postgres_password}@{LOOPBACK}:{state.postgres_port}/{DATABASE}",
            "store": {
                "endpoint_url": f"http://{LOOPBACK}:{state.store_ports.s3}",
                "public_endpoint_url": None,
                "region": REGION,
                "bucket": BUCKET,
                "access_key_id": state.access_key_id,
                "secret_access_key": state.secret_access_key,
                "session_token": None,
                "addressing_style": "path",
            },
            "token_secret": state.secrets.get("token_secret"),
            "allowed_origins": pages,
            **overrides,
        }
    )


def _state(file: Path) -> State:
    try:
        return msgspec.json.decode(file.read_bytes(), type=State)
    except FileNotFoundError:
        problem = f"{file.parent} is not the directory of a `coordinator dev`"
    except PermissionError:
        problem = f"{file} belongs to another user; run as that user"
    except msgspec.DecodeError:
        problem = f"{file} cannot be read"
    raise ConfigurationError(SETTING, problem)
