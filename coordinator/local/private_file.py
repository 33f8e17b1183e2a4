"""Files that hold secrets: readable by one user only, and never half written."""

import os
from pathlib import Path

from coordinator.local.system_user import SystemUser


def write_private(path: Path, text: str, *, owner: SystemUser | None = None) -> None:
    """Replaces `path` at once with `text`, mode 0600, given to `owner` if there is one."""
    new = path.with_name(f"{path.name}.new")
    new.unlink(missing_ok=True)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        if owner is not None:
            os.fchown(file.fileno(), owner.uid, owner.gid)
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
