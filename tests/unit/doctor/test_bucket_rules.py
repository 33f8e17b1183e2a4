"""Our rules among those that are there: foreign ones stay, ours are never there twice."""

from typing import Any

from coordinator.doctor.bucket_rules import cors_line, lifecycle_line, with_abort_rule, with_cors_rule

FOREIGN_CORS = {"ID": "theirs", "AllowedOrigins": ["https://other.example"], "AllowedMethods": ["GET"]}
FOREIGN_EXPIRY = {
    "ID": "logs",
    "Status": "Enabled",
    "Filter": {"Prefix": "logs/"},
    "Expiration": {"Days": 30},
}


def abort(days: int, **other: Any) -> dict[str, Any]:
    return {"Status": "Enabled", "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": days}, **other}


def test_ours_goes_before_foreign_cors_rules_which_stay() -> None:
    first, second = with_cors_rule([FOREIGN_CORS], ["https://app.example"])
    assert first["AllowedOrigins"] == ["https://app.example"]
    assert first["ExposeHeaders"] == ["ETag"]
    assert second == FOREIGN_CORS


def test_a_second_set_up_adds_its_origin_and_no_second_rule() -> None:
    once = with_cors_rule([FOREIGN_CORS], ["https://a.example"])
    twice = with_cors_rule(once, ["https://b.example"])
    assert [rule["AllowedOrigins"] for rule in twice] == [
        ["https://a.example", "https://b.example"],
        ["https://other.example"],
    ]
    assert with_cors_rule(twice, ["https://a.example"]) == twice


def test_our_cors_rule_is_known_without_its_id() -> None:
    [rule] = with_cors_rule([], ["https://a.example"])
    nameless = {name: value for name, value in rule.items() if name != "ID"}
    assert with_cors_rule([nameless], ["https://a.example"]) == [rule]


def test_the_abort_rule_joins_foreign_rules() -> None:
    rules = with_abort_rule([FOREIGN_EXPIRY], 7)
    assert rules[0] == FOREIGN_EXPIRY
    assert rules[1]["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 7}
    assert with_abort_rule(rules, 7) == rules


def test_other_days_replace_ours() -> None:
    rules = with_abort_rule(with_abort_rule([], 7), 9)
    assert [rule["AbortIncompleteMultipartUpload"]["DaysAfterInitiation"] for rule in rules] == [9]


def test_a_foreign_rule_that_does_the_same_is_enough() -> None:
    foreign = abort(7, ID="theirs", Prefix="")
    assert with_abort_rule([foreign], 7) == [foreign]


def test_a_foreign_rule_for_a_few_keys_is_not() -> None:
    assert len(with_abort_rule([abort(7, ID="theirs", Prefix="logs/")], 7)) == 2


def test_rules_can_be_read() -> None:
    assert cors_line(FOREIGN_CORS) == "https://other.example may GET with headers none; sees nothing"
    assert lifecycle_line(FOREIGN_EXPIRY) == "keys below logs/: Expiration"
    assert lifecycle_line(abort(7)) == "all keys: abort unfinished uploads after 7 days"
    assert lifecycle_line(abort(7, Status="Disabled")).endswith("(off)")
