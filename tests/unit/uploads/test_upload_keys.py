"""Keys and download names from whatever a filename may hold."""

import re
import unicodedata
from email.message import Message
from urllib.parse import unquote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from coordinator.uploads.keys import content_disposition, make_key, safe_filename
from coordinator.uploads.model import new_upload_id

# lone surrogates are no text; the API refuses them before anything else sees them
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=600)
awkward = st.lists(
    st.sampled_from(
        [
            "../",
            "..",
            "/",
            "\\",
            "\0",
            "\r\n",
            '"',
            "%",
            "\u202e",
            "e\u0301",
            "\u1100\u1161",
            "😀",
            "ﬁ",
            "ß",
            ".",
            "a",
        ]
    ),
    max_size=80,
).map("".join)
filenames = st.one_of(texts, awkward)
names = st.text(st.sampled_from("abzABZ019._@:+-"), min_size=1, max_size=64)

NASTY = [
    "../../etc/passwd",
    "..",
    ".",
    "",
    "\0",
    "a/../../b",
    "\u202egnp.exe",
    "👩‍👩‍👧‍👦.jpg",
    "ж" * 2048,
    "a" * 4096,
    "a" * 300 + "." + "b" * 16,
    "a" * 300 + "." + "b" * 17,
    "..." + "ü" * 300 + ".tar.gz",
    "Å".join("e\u0301" for _ in range(300)),
]


@given(names, names, filenames)
@pytest.mark.parametrize("nasty", [None, *NASTY])
def test_a_key_is_safe_whatever_the_names(nasty: str | None, tenant: str, owner: str, filename: str) -> None:
    upload_id = new_upload_id()
    key = make_key(tenant, owner, upload_id, filename if nasty is None else nasty)
    segments = key.split("/")
    assert len(segments) == 4
    assert segments[2] == str(upload_id)
    assert len(key.encode()) <= 700
    assert all(0 < len(segment.encode()) <= 255 for segment in segments)
    assert not {".", ".."} & set(segments)
    assert unicodedata.is_normalized("NFC", key)
    assert all(c.isalnum() or c in "._-/" for c in key)


@given(filenames, filenames)
def test_tenants_and_owners_of_any_text_cannot_leave_their_segment(tenant: str, owner: str) -> None:
    segments = make_key(tenant, owner, new_upload_id(), "x").split("/")
    assert len(segments) == 4
    assert not {"", ".", ".."} & set(segments)
    assert all(len(segment.encode()) <= 128 for segment in segments[:2])


@pytest.mark.parametrize(
    ("filename", "kept"),
    [
        ("film.mov", "film.mov"),
        ("Ein Füllhorn (2).tar.gz", "Ein_Füllhorn__2_.tar.gz"),
        ("../../etc/passwd", "_.._etc_passwd"),
        (".bashrc", "bashrc"),
        ("..", "file"),
        ("", "file"),
        ("日本語.txt", "日本語.txt"),
        ("u\u0308.txt", "\u00fc.txt"),
        ("a" * 300 + ".mov", "a" * 196 + ".mov"),
        ("ж" * 300 + ".mov", "ж" * 98 + ".mov"),
        ("a" * 300, "a" * 200),
    ],
)
def test_what_people_see_of_a_filename_is_kept(filename: str, kept: str) -> None:
    assert safe_filename(filename) == kept


def test_two_uploads_of_one_file_have_two_keys() -> None:
    assert make_key("acme", "ada", new_upload_id(), "a") != make_key("acme", "ada", new_upload_id(), "a")


@given(filenames)
@example('a"; filename=evil.html')
@example("a\r\nSet-Cookie: b=c")
@example("\\")
@example("%00")
@example("two  blanks")
def test_a_download_name_is_one_header_value_that_says_the_filename(filename: str) -> None:
    value = content_disposition(filename)
    assert value.isascii()
    assert value.isprintable()
    matched = re.fullmatch(
        r'attachment; filename="([^"\\%]*)"; filename\*=UTF-8\'\'([A-Za-z0-9%._~-]*)', value
    )
    assert matched is not None
    assert unquote(matched[2], errors="strict") == filename
    assert "  " not in value
    assert len(matched[1]) == len(re.sub(" +", " ", filename))


@given(
    st.text(st.characters(codec="ascii", exclude_characters='"\\%', exclude_categories=["Cc"]), min_size=1)
)
@example("two  blanks")
def test_a_plain_name_is_read_by_an_old_parser(filename: str) -> None:
    message = Message()
    message["Content-Disposition"] = content_disposition(filename).split("; filename*=")[0]
    assert message.get_content_disposition() == "attachment"
    assert message.get_param("filename", header="Content-Disposition") == re.sub(" +", " ", filename)
