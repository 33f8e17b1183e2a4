"""What a client hears while the store does not answer, and how it goes on."""

from coordinator.storage.faults import FailAfter, FailBefore
from coordinator.uploads.plan import MIB
from tests.api.service import Service, assert_problem


async def test_an_unknown_outcome_at_the_store_is_503_and_the_same_key_goes_on(
    service: Service, key: dict[str, str]
) -> None:
    service.store.script("create_multipart_upload", FailAfter())
    service.store.script("list_multipart_uploads", FailBefore())
    body = {"filename": "a.bin", "size": 9 * MIB}
    headers = {**key, "Idempotency-Key": "one"}
    problem = await service.client.post("/v1/uploads", json=body, headers=headers)
    assert_problem(problem, 503, "storage_unavailable")
    assert int(problem.headers["retry-after"]) > 0
    answer = await service.client.post("/v1/uploads", json=body, headers=headers)
    assert answer.status_code == 201, answer.text
    assert answer.json()["upload"]["state"] == "open"
    assert service.store.calls.count("create_multipart_upload") == 1


async def test_a_complete_that_takes_long_answers_202_and_when_to_ask_again(
    service: Service, key: dict[str, str]
) -> None:
    upload = await service.start(key)
    await service.send_parts(upload, key)
    # neither Complete nor any look at the object is answered: the outcome stays unknown
    service.store.script("complete_multipart_upload", *[FailBefore()] * 9)
    service.store.script("head_object", *[FailBefore()] * 30)
    service.store.script("list_parts", FailAfter())
    path = f"/v1/uploads/{upload['id']}/complete"
    listed_again = await service.client.post(path, headers=key)
    assert_problem(listed_again, 503, "storage_unavailable")
    answer = await service.client.post(path, headers=key)
    assert answer.status_code == 202, answer.text
    assert answer.headers["retry-after"] == "2"
    assert answer.json()["state"] == "completing"
