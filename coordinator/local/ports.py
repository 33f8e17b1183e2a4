"""Ports on loopback that are chosen once and kept.

SeaweedFS derives the gRPC port of each of its servers as port + 10,000, in places even when told another one. Both must
stay below the ports that Linux (from 32,768) and macOS (from 49,152) lend to outgoing connections, or a kept port would be
taken now and then by somebody's connection. 10,080, which browsers refuse, lies outside too.
"""

import random
import socket
from collections.abc import Mapping

import msgspec

from coordinator.errors import ConfigurationError

LOOPBACK = "127.0.0.1"
GRPC_OFFSET = 10_000
CHOICE = range(12_000, 22_768)


class StorePorts(msgspec.Struct, frozen=True, kw_only=True):
    master: int
    volume: int
    filer: int
    s3: int
    admin: int

    def all(self) -> dict[str, int]:
        """All ten, by the name of the flag that sets each."""
        http: dict[str, int] = msgspec.structs.asdict(self)
        grpc = {f"{server}.port.grpc": port + GRPC_OFFSET for server, port in http.items()}
        return {f"{server}.port": port for server, port in http.items()} | grpc


def is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # as servers do: connections of the last run that are still winding down do not count
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def choose_ports(count: int, *, rng: random.Random) -> list[int]:
    """`count` different ports, each free together with its gRPC port."""
    found: list[int] = []
    for port in rng.sample(CHOICE, len(CHOICE)):
        if len(found) == count:
            break
        if is_free(port) and is_free(port + GRPC_OFFSET):
            found.append(port)
    return found


def choose_store_ports(*, rng: random.Random) -> StorePorts:
    master, volume, filer, s3, admin = choose_ports(5, rng=rng)
    return StorePorts(master=master, volume=volume, filer=filer, s3=s3, admin=admin)


def require_free(ports: Mapping[str, int], *, setting: str, remedy: str) -> None:
    """Raises ConfigurationError naming the first port that another program has, and what to do."""
    for name, port in ports.items():
        if not is_free(port):
            raise ConfigurationError(setting, f"port {port} ({name}) is used by another program; {remedy}")
