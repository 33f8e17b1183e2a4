"""Handlers that operators and machines ask: alive, ready, metrics, and this API's own description."""

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.responses import Response

from coordinator.api.answers import json_answer
from coordinator.api.declaration import Call, NoBody
from coordinator.api.queries import NoQuery
from coordinator.protocol import HealthAnswer

__all__ = ["alive", "metrics", "openapi_document", "ready"]


async def alive(_call: Call[NoBody, NoQuery]) -> Response:
    """Touches nothing: a database that is away is no reason to restart a process."""
    return json_answer(HealthAnswer(status="ok"))


async def ready(call: Call[NoBody, NoQuery]) -> Response:
    answer = await call.state["readiness"].answer()
    return json_answer(answer, 200 if answer.status == "ok" else 503)


async def metrics(call: Call[NoBody, NoQuery]) -> Response:
    return Response(
        generate_latest(call.state["metrics"].registry), headers={"Content-Type": CONTENT_TYPE_LATEST}
    )


async def openapi_document(call: Call[NoBody, NoQuery]) -> Response:
    return Response(call.state["openapi"], media_type="application/json")
