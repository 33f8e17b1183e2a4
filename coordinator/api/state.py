"""What the lifespan hands to every request: the wired objects, and nothing that a request may change."""

from collections.abc import Callable
from datetime import datetime

from coordinator.access.policies import Policies
from coordinator.access.tokens import UploadTokens
from coordinator.api.readiness import Readiness
from coordinator.http.guard import GuardState
from coordinator.metrics import Metrics
from coordinator.relay.relay import Relay
from coordinator.uploads.service import UploadService

__all__ = ["ApiState"]


class ApiState(GuardState):
    """The typed state of `Request[ApiState]`."""

    service: UploadService
    relay: Relay
    policies: Policies
    tokens: UploadTokens
    readiness: Readiness
    metrics: Metrics
    openapi: bytes
    public_url: str
    """The origin that Location begins with; empty where clients know best how they reached us."""
    clock: Callable[[], datetime]
    new_owner: Callable[[], str]
    """Names a fresh owner for a token that was minted without one."""
