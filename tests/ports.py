"""Free ports that no other worker of pytest chooses meanwhile: between the choice and the server's start nobody holds them."""

import os
import random
from collections.abc import Sequence
from typing import Final

WORKERS: Final = 4
"""At most, as `run` starts them; a divisor of `GRPC_OFFSET`, so that a port and its gRPC port are one worker's."""


class OwnPorts(random.SystemRandom):
    """For `choose_ports`, which tries all there are in an order of chance."""

    def sample(self, population: Sequence[int], _: int, **_options: object) -> list[int]:  # type: ignore[override]  # of ports alone
        worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % WORKERS
        own = [port for port in population if port % WORKERS == worker]
        return super().sample(own, len(own))
