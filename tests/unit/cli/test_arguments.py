"""A text that the coordinator would refuse is refused here, with its option named; what it would take goes through."""

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from coordinator.cli.arguments import (
    LONGEST_METADATA_NAME,
    LONGEST_METADATA_VALUE,
    LONGEST_NAME,
    LONGEST_TYPE,
    check_content_type,
    check_name,
    check_text,
    read_metadata,
)
from coordinator.cli.client_failure import failure_of_client
from coordinator.cli.client_settings import ClientSettings, Found
from coordinator.cli.exit_code import ExitCode
from coordinator.cli.failure import Failure
from coordinator.cli.refusal import given_by, given_without_size, refused
from coordinator.client import Conflict, FileMissing, Invalid, StreamTooLong
from coordinator.protocol import FieldProblem, StartBody

START = {"filename": "f", "size": 1, "metadata": {}}


@pytest.mark.parametrize(
    ("most", "start"),
    [
        (LONGEST_NAME, lambda text: {"filename": text}),
        (LONGEST_TYPE, lambda text: {"content_type": text}),
        (LONGEST_METADATA_NAME, lambda text: {"metadata": {text: ""}}),
        (LONGEST_METADATA_VALUE, lambda text: {"metadata": {"a": text}}),
    ],
)
def test_the_longest_are_those_of_the_wire(most: int, start: Callable[[str], dict[str, object]]) -> None:
    msgspec.convert({**START, **start("x" * most)}, StartBody)
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({**START, **start("x" * (most + 1))}, StartBody)


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (lambda: check_name("n" * 5_000), "--name: it has 5,000 characters, and 255 are allowed; give a shorter one"),
        (lambda: check_name(""), "--name: it is empty; leave it out, or give a text"),
        (lambda: check_name("a/../b"), "--name: Expected a name, not a path that climbs with `..`"),
        (lambda: check_name("\u202egnp.exe"), "--name: \\u202egnp.exe holds a control character, one that turns writing"),
        (lambda: check_name("ü" * 255 + "\udcff"), "--name: it has 256 characters"),
        (lambda: check_name("bad\udcff"), "--name: bad\\udcff holds a control character"),
        (lambda: check_name("\N{GRINNING FACE}" * 255), None),
        (lambda: check_name("\N{GRINNING FACE}" * 256), "--name: it has 256 characters"),
        (lambda: check_name(None), None),
        (lambda: check_content_type("film"), "--content-type: Expected type/subtype, such as video/mp4"),
        (lambda: check_content_type(""), "--content-type: it is empty"),
        (lambda: check_content_type("text/plain; charset=utf-8"), None),
        (lambda: check_content_type("a/" + "b" * 300), "--content-type: it has 302 characters, and 255 are allowed"),
        (lambda: read_metadata(["shelf"]), "--metadata shelf is not name=value; write it as --metadata shelf=films"),
        (lambda: read_metadata(["a=1", "a=2"]), "--metadata a is given twice; keep one of them"),
        (lambda: read_metadata([f"{'n' * 65}=1"]), "--metadata NAME: it has 65 characters, and 64 are allowed"),
        (lambda: read_metadata([f"shelf={'v' * 1_025}"]), "--metadata shelf: it has 1,025 characters"),
        (lambda: read_metadata(["shelf=\x01"]), "--metadata shelf: \\x01 holds a control character"),
        (lambda: read_metadata([f"{n}=v" for n in range(31)]), "--metadata: 31 are given, and 30 are allowed"),
        (lambda: read_metadata([f"{n}={'v' * 1_000}" for n in range(9)]), "--metadata: Expected at most 8192 bytes"),
        (lambda: read_metadata(["shelf=", "more=a=b"]), None),
        (lambda: check_text("--reason", "", 200), "--reason: it is empty"),
    ],
)  # fmt: skip
def test_what_is_refused_is_named(asked: Callable[[], object], says: str | None) -> None:
    if says is None:
        asked()
        return
    with pytest.raises(Failure) as failure:
        asked()
    assert str(failure.value).startswith(says)
    assert failure.value.code is ExitCode.WRONG_USE


def test_metadata_is_read() -> None:
    assert read_metadata(["shelf=", "more=a=b"]) == {"shelf": "", "more": "a=b"}


GIVEN = {
    "policy": "COORDINATOR_POLICY",
    "part_size": "part_size in /etc/c.yaml",
    "filename": "--name",
    "content_encoding": "--gzip",
}


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (
            Invalid(422, "unknown_policy", "Start the upload under another policy."),
            "COORDINATOR_POLICY: there is no such policy; leave it out, or ask whoever runs the coordinator which ones there are",
        ),
        (
            Invalid(422, "size_not_allowed", "The policy 'a' takes parts of at most 5242880 bytes."),
            "part_size in /etc/c.yaml: The policy 'a' takes parts of at most 5242880 bytes",
        ),
        (
            Invalid(
                422, "size_not_allowed", "The policy 'a' takes files of at most 5 bytes, and this one has 9."
            ),
            "The policy 'a' takes files of at most 5 bytes, and this one has 9",
        ),
        (
            Invalid(422, "size_not_allowed", "At most 5 bytes are allowed here, so `size` must be given."),
            (
                "At most 5 bytes are allowed here, so `size` must be given; a stream has none: send a file, not compressed, "
                "or ask whoever runs the coordinator for a policy that takes streams"
            ),
        ),
        (
            Invalid(
                422,
                "encoding_not_allowed",
                "The policy does not allow gzip; it allows none. Send the file as it is.",
                errors=[
                    FieldProblem(
                        path="$.content_encoding", message="The policy does not allow gzip; it allows none"
                    )
                ],
            ),
            "--gzip: the policy does not allow it; leave it away, or ask whoever runs the coordinator for a policy that allows gzip",
        ),
        (
            Invalid(
                422,
                "validation_failed",
                "filename: no; metadata[...]: not so.",
                errors=[
                    FieldProblem(path="$.filename", message="no"),
                    FieldProblem(path="$.filename", message="nor this"),
                ],
            ),
            "--name: no; nor this",
        ),
        (
            Invalid(422, "validation_failed", "md5: no.", errors=[FieldProblem(path="$.md5", message="no")]),
            "md5: no",
        ),
        (Conflict(409, "upload_not_open", "It is closed."), "It is closed"),
        (FileMissing("There is no file f."), "There is no file f; check its name"),
    ],
)
def test_a_refusal_names_what_it_is_about(error: Exception, says: str) -> None:
    assert str(refused(error, GIVEN)) == says


@pytest.mark.parametrize(
    ("gzip", "file", "stdin"),
    [
        (Found(value=True, origin="--gzip"), ["content_encoding", "size"], ["content_encoding"]),
        (Found(value=False, origin="--gzip"), [], []),
    ],
)
def test_what_is_compressed_leaves_out_the_size_of_a_file(
    gzip: Found, file: list[str], stdin: list[str]
) -> None:
    default = Found(None, "default")
    settings = ClientSettings({"policy": default, "part_size": default, "gzip": gzip}, Path("config.yaml"))
    for named, given in (["a.txt"], file), (["-"], stdin), (["a.txt", "-"], stdin):
        assert list(given_by(settings) | given_without_size(settings, named)) == given


def test_a_refusal_of_what_nobody_gave_stays_as_it_is() -> None:
    error = Invalid(422, "unknown_policy", "Start the upload under another policy.")
    assert str(refused(error, {})) == str(failure_of_client(error))


def test_what_a_program_would_give_is_named_as_a_person_gives_it() -> None:
    failure = failure_of_client(StreamTooLong("Upload it again with a greater part size (part_size)."))
    assert (failure.code, failure.problem) == (
        ExitCode.WRONG_USE,
        "Upload it again with a greater part size (--part-size)",
    )
