import pytest

from coordinator.access.policies import Policies
from coordinator.access.principals import TOKEN_SCOPES, Principal
from coordinator.errors import (
    ConfigurationError,
    EncodingNotAllowed,
    Forbidden,
    SizeNotAllowed,
    UnknownPolicy,
    ValidationFailed,
)
from coordinator.settings import Policy, load_settings

POLICIES = Policies(
    {
        "default": Policy(),
        "photos": Policy(max_size=100, content_types=("image/*", "application/pdf")),
        "plain": Policy(max_size=100, content_encodings=()),
        "packed": Policy.model_validate({"content_encodings": ["GZIP"]}),
    }
)


def principal(policy: str | None = None, max_size: int | None = None) -> Principal:
    return Principal("token:ann", "acme", "ann", TOKEN_SCOPES, policy=policy, max_size=max_size)


def test_without_limits_the_policys_count() -> None:
    rules = POLICIES.rules(principal(), "default", size=None, content_type=None)
    assert (rules.name, rules.max_size, rules.max_part_size, rules.lifetime) == (
        "default",
        None,
        None,
        86_400,
    )


@pytest.mark.parametrize(("of_token", "least"), [(None, 100), (7, 7), (700, 100), (0, 0)])
def test_the_narrower_size_counts(of_token: int | None, least: int) -> None:
    rules = POLICIES.rules(principal(max_size=of_token), "photos", size=1, content_type="image/png")
    assert rules.max_size == least


def test_a_stream_is_refused_where_there_is_a_limit() -> None:
    with pytest.raises(SizeNotAllowed):
        POLICIES.rules(principal(max_size=7), "default", size=None, content_type=None)


@pytest.mark.parametrize("given", ["image/png", "IMAGE/SVG+XML; a=b", "application/pdf", " image/x"])
def test_allowed_content_types(given: str) -> None:
    assert POLICIES.rules(principal(), "photos", size=1, content_type=given).name == "photos"


@pytest.mark.parametrize("given", [None, "text/html", "image", "imagex/png", "application/pdf2"])
def test_other_content_types(given: str | None) -> None:
    with pytest.raises(ValidationFailed) as refused:
        POLICIES.rules(principal(), "photos", size=1, content_type=given)
    assert [error.path for error in refused.value.errors] == ["$.content_type"]


@pytest.mark.parametrize("policy", ["default", "packed"])
def test_allowed_encodings(policy: str) -> None:
    for given in (None, "gzip"):
        rules = POLICIES.rules(principal(), policy, size=None, content_type=None, content_encoding=given)
        assert rules.name == policy


def test_another_encoding() -> None:
    with pytest.raises(
        EncodingNotAllowed, match=r"not allow gzip; it allows none\. Send the file as it is"
    ) as refused:
        POLICIES.rules(principal("plain"), "default", size=1, content_type=None, content_encoding="gzip")
    assert [error.path for error in refused.value.errors] == ["$.content_encoding"]
    with pytest.raises(EncodingNotAllowed, match="not allow br; it allows gzip"):
        POLICIES.rules(principal(), "packed", size=1, content_type=None, content_encoding="br")
    assert POLICIES.rules(principal(), "plain", size=1, content_type=None).name == "plain"


def test_of_a_compressed_file_the_encoding_is_refused_first() -> None:
    with pytest.raises(EncodingNotAllowed):
        POLICIES.rules(principal(), "plain", size=None, content_type=None, content_encoding="gzip")


@pytest.mark.parametrize("given", [["br"], ["gzip", ""], [7], "gzip", ""])
def test_what_is_no_list_of_encodings(given: object) -> None:
    with pytest.raises(ConfigurationError) as refused:
        load_settings({"policies": {"plain": {"content_encodings": given}}})
    assert refused.value.setting.startswith("policies.plain.content_encodings")


def test_a_bound_token_starts_under_its_own_policy_alone() -> None:
    bound = principal("photos")
    for name in ("default", "photos"):
        assert POLICIES.rules(bound, name, size=1, content_type="image/png").name == "photos"
    with pytest.raises(Forbidden):
        POLICIES.rules(bound, "nosuch", size=1, content_type=None)


def test_unknown_policies() -> None:
    with pytest.raises(UnknownPolicy):
        POLICIES.known("nosuch")
    with pytest.raises(UnknownPolicy):
        POLICIES.rules(principal("gone"), "default", size=1, content_type=None)
