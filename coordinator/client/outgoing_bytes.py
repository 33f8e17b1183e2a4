"""What the system still holds of a socket's outgoing bytes: the only sign of movement on a slow line.

A send buffer of megabytes takes minutes to drain over a poor uplink, and lets no further byte in before a third is free.
"""

import asyncio
import sys
from array import array
from typing import Final

if sys.platform != "win32":
    import fcntl
    import termios

__all__ = ["unacknowledged"]

_SOL_SOCKET_MAC: Final = 0xFFFF
_SO_NWRITE: Final = 0x1024
"""Of macOS's <sys/socket.h>; Python has no name for it."""


def unacknowledged(transport: asyncio.BaseTransport) -> int:
    """Bytes that the other side has not acknowledged; 0 where the system does not tell. Raises nothing."""
    socket = transport.get_extra_info("socket")
    try:
        if sys.platform == "linux":
            held = array("i", [0])
            fcntl.ioctl(socket.fileno(), termios.TIOCOUTQ, held)
            return held[0]
        if sys.platform == "darwin":
            told: int = socket.getsockopt(_SOL_SOCKET_MAC, _SO_NWRITE)
            return told
    except (OSError, AttributeError):
        pass
    return 0
