"""The data directory: what is kept from one start to the next, so that addresses and secrets never change.

    state.json    0600, replaced at once: ports, passwords, keys, secrets of the service
    lock          held by the one program that runs on this directory
    postgres/     lease; data/ (owned by the user Postgres runs as); install/ when the wheel is out of that user's reach
    seaweedfs/    lease; s3.json (0600); data/; sockets
    logs/         postgres.log, seaweedfs.log, and the ones of the start before as *.previous

The directory has mode 0700; root makes it 0711, because Postgres, which then runs as `nobody`, must pass through. Where
`nobody` cannot get in at all (a directory under a home closed to others), postgres/ lies at `elsewhere/<id>` instead, and
state.json says so.
"""

import os
import random
import secrets
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from coordinator.errors import ConfigurationError
from coordinator.local.lease import try_lease
from coordinator.local.ports import StorePorts, choose_ports, choose_store_ports
from coordinator.local.private_file import write_private
from coordinator.local.system_user import can_enter, user_for_postgres

SETTING = "--data-dir"


class State(msgspec.Struct, frozen=True, kw_only=True):
    service_port: int
    postgres_port: int
    postgres_password: str
    postgres_elsewhere: str | None
    store_ports: StorePorts
    access_key_id: str
    secret_access_key: str
    secrets: dict[str, str]


def first_state(port: int | None, elsewhere: Path | None) -> State:
    rng = random.SystemRandom()
    store_ports = choose_store_ports(rng=rng)
    chosen = [free for free in choose_ports(9, rng=rng) if free not in store_ports.all().values()]
    return State(
        service_port=port or chosen[0],
        postgres_port=chosen[1],
        postgres_password=secrets.token_hex(24),
        postgres_elsewhere=None if elsewhere is None else str(elsewhere / secrets.token_hex(8)),
        store_ports=store_ports,
        access_key_id=secrets.token_hex(10),
        secret_access_key=secrets.token_hex(24),
        secrets={},
    )


def make_directory(path: Path) -> None:
    """Makes `path` ours. An existing directory must be empty or ours: nobody's home is locked by mistake."""
    path.mkdir(parents=True, exist_ok=True)
    if (path / "state.json").exists():
        return
    if any(entry.name != "lock" for entry in path.iterdir()):
        problem = f"{path} is not empty and was not made by this program; choose another"
        raise ConfigurationError(SETTING, problem)
    path.chmod(0o711 if os.geteuid() == 0 else 0o700)


class DataDirectory:
    """One start's hold on a data directory; a context manager that gives it back.

    Raises ConfigurationError when the directory is another program's, another user's or not ours.
    """

    def __init__(self, path: Path, *, port: int | None, elsewhere: Path) -> None:
        self.path = path.absolute()
        self._port = port
        self._elsewhere = elsewhere
        self._lock: int | None = None
        self.state: State

    def __enter__(self) -> Self:
        try:
            self._open()
        except BaseException as error:
            self._release()
            if isinstance(error, PermissionError):
                problem = f"{self.path} belongs to another user; run as that user or choose another"
                raise ConfigurationError(SETTING, problem) from error
            if isinstance(error, OSError):
                problem = f"{self.path} cannot be used as a directory ({error.strerror}); choose another"
                raise ConfigurationError(SETTING, problem) from error
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._release()

    def _open(self) -> None:
        make_directory(self.path)
        self._lock = try_lease(self.path / "lock")
        if self._lock is None:
            problem = f"another `coordinator dev` runs on {self.path}; stop it or choose another"
            raise ConfigurationError(SETTING, problem)
        self.state = self._load()
        self.logs.mkdir(mode=0o700, exist_ok=True)

    def _load(self) -> State:
        file = self.path / "state.json"
        if not file.exists():
            return self._save(first_state(self._port, self._elsewhere_if_needed()))
        if file.stat().st_uid != os.geteuid():
            raise PermissionError(str(file))
        try:
            state = msgspec.json.decode(file.read_bytes(), type=State)
        except msgspec.DecodeError as error:
            raise ConfigurationError(SETTING, f"{file} cannot be read; choose another directory") from error
        if self._port is not None and self._port != state.service_port:
            return self._save(msgspec.structs.replace(state, service_port=self._port))
        return state

    def _elsewhere_if_needed(self) -> Path | None:
        reachable = user_for_postgres() is None or can_enter(self.path)
        return None if reachable else self._elsewhere

    def _save(self, state: State) -> State:
        write_private(self.path / "state.json", msgspec.json.format(msgspec.json.encode(state)).decode())
        return state

    def _release(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    @property
    def logs(self) -> Path:
        return self.path / "logs"

    @property
    def postgres(self) -> Path:
        kept = self.state.postgres_elsewhere
        return self.path / "postgres" if kept is None else Path(kept)

    @property
    def seaweedfs(self) -> Path:
        return self.path / "seaweedfs"

    def secret(self, name: str, make: Callable[[], str]) -> str:
        """The secret kept under `name`; made and kept at the first call."""
        if name not in self.state.secrets:
            kept = self.state.secrets | {name: make()}
            self.state = self._save(msgspec.structs.replace(self.state, secrets=kept))
        return self.state.secrets[name]
