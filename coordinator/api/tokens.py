"""`POST /v1/tokens`: an API key grants its browser user a little of what it may do itself, for a while."""

from starlette.responses import Response

from coordinator.access.principals import Principal
from coordinator.access.tokens import Grant
from coordinator.api.answers import json_answer
from coordinator.api.declaration import Call
from coordinator.api.queries import NoQuery
from coordinator.api.strangers_text import check_plain
from coordinator.errors import FieldError, Forbidden, ValidationFailed
from coordinator.protocol import TokenAnswer, TokenBody
from coordinator.uploads.model import UploadId

__all__ = ["mint_token"]


async def mint_token(call: Call[TokenBody, NoQuery]) -> Response:
    body = call.body
    check_plain("$.owner", body.owner)
    if body.policy is not None:
        call.state["policies"].known(body.policy)
    owner = await _owner(call)
    grant = Grant(
        tenant=call.principal.tenant,
        owner=owner,
        policy=body.policy,
        max_size=body.max_size,
        upload_id=body.upload_id,
    )
    minted = call.state["tokens"].mint(grant, expires_in=body.expires_in)
    return json_answer(TokenAnswer(token=minted.text, expires_at=minted.expires_at, owner=owner))


async def _owner(call: Call[TokenBody, NoQuery]) -> str:
    """The upload's for a token to one upload, else the one that was named, else the key's own, else a fresh one."""
    named, upload_id = call.body.owner, call.body.upload_id
    if upload_id is not None:
        upload = await call.state["service"].get(UploadId(upload_id), call.principal.identity)
        if named not in {None, upload.owner}:
            message = "Expected the upload's owner, or none at all"
            raise ValidationFailed.of(FieldError("$.owner", message))
        return upload.owner
    return _within(call.principal, named) or call.state["new_owner"]()


def _within(principal: Principal, named: str | None) -> str | None:
    """A key that is bound to an owner grants nothing of another's."""
    if principal.owner is not None and named not in {None, principal.owner}:
        raise Forbidden("This API key is bound to another owner.")
    return named or principal.owner
