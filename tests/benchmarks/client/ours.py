"""What we upload with: the library, in a program of one call, and the command line as it is installed."""

import os
import sys
from pathlib import Path

from tests.benchmarks.client.peers import Sender, Store

LIBRARY = "ours"
PROGRAM = "coordinator upload"


def senders(url: str, key: str, store: Store, source: Path, state: Path) -> list[Sender]:
    """`url` and `key` are the service's. The program's default is `--digest on`: of what the store enforces, SHA-256 first."""
    trusted = {} if store.certificate is None else {"SSL_CERT_FILE": str(store.certificate)}
    of_library = {"XDG_STATE_HOME": str(state), "PYTHONPATH": str(Path.cwd()), **trusted}
    library = [sys.executable, str(Path(__file__).with_name("by_us.py")), url, key, str(source)]
    own = {"COORDINATOR_URL": url, "COORDINATOR_API_KEY": key, "HOME": str(state)}
    of_program = {"XDG_STATE_HOME": str(state), **own, **trusted}
    program = [os.path.join(os.path.dirname(sys.executable), "coordinator"), "upload", str(source)]  # noqa: PTH118, PTH120 - the link, not what it leads to
    return [
        Sender(LIBRARY, [*library, "", "asyncio"], of_library),
        Sender(f"{LIBRARY}, on uvloop", [*library, "", "uvloop"], of_library),
        Sender(f"{LIBRARY}, SHA-256 of each part", [*library, "sha256", "asyncio"], of_library),
        Sender(f"{LIBRARY}, MD5 of each part", [*library, "md5", "asyncio"], of_library),
        Sender(f"{PROGRAM} --digest off", [*program, "--digest", "off"], of_program),
        Sender(PROGRAM, program, of_program),
        Sender(f"{PROGRAM} --digest md5", [*program, "--digest", "md5"], of_program),
    ]
