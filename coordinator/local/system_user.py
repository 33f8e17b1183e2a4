"""Which user runs Postgres, and what that user can reach.

Postgres refuses to run as root. Root therefore hands it to `nobody`, who must be able to enter every directory on the
way to the binaries and to the data; an ordinary user runs it as himself.
"""

import os
import pwd
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class SystemUser:
    uid: int
    gid: int


def user_for_postgres() -> SystemUser | None:
    """None means: the user we are."""
    if os.geteuid() != 0:
        return None
    nobody = pwd.getpwnam("nobody")
    return SystemUser(uid=nobody.pw_uid, gid=nobody.pw_gid)


def can_enter(directory: Path) -> bool:
    """Whether a user without rights of his own may enter `directory` and all directories above it."""
    path = directory.resolve()
    return all(step.stat().st_mode & 0o001 for step in (path, *path.parents))
