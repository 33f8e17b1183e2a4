import pytest

from coordinator.signing.addressing import Addressing, Location, locate


def location(endpoint_url: str, bucket: str = "bucket") -> Location:
    return locate(Addressing(endpoint_url, "us-east-1", bucket, "virtual"))


def test_path_style_puts_the_bucket_into_the_path() -> None:
    addressing = Addressing("https://store.example:8443", "auto", "bucket", "path")
    assert locate(addressing) == ("https://store.example:8443", "store.example:8443", "/bucket/")


def test_virtual_host_style_puts_the_bucket_before_the_host() -> None:
    expected = ("http://bucket.localhost:9000", "bucket.localhost:9000", "/")
    assert location("http://localhost:9000") == expected


@pytest.mark.parametrize(
    ("endpoint_url", "host"),
    [
        ("https://S3.Example.com/", "bucket.s3.example.com"),
        ("https://s3.example.com:443", "bucket.s3.example.com"),
        ("http://s3.example.com:80", "bucket.s3.example.com"),
        ("http://s3.example.com:443", "bucket.s3.example.com:443"),
        ("https://s3.example.com:80", "bucket.s3.example.com:80"),
    ],
)
def test_the_host_is_what_browsers_send(endpoint_url: str, host: str) -> None:
    assert location(endpoint_url).host == host


@pytest.mark.parametrize(
    "bucket", ["my.bucket", "My-Bucket", "my_bucket", "ab", "10.0.0.1", "x" * 64, "a..b"]
)
def test_a_bucket_that_is_no_host_label_stays_in_the_path(bucket: str) -> None:
    assert location("https://s3.example.com", bucket).path_prefix == f"/{bucket}/"


def test_dots_are_fine_without_a_certificate_to_match() -> None:
    assert location("http://localhost:9000", "my.bucket").host == "my.bucket.localhost:9000"


@pytest.mark.parametrize("endpoint_url", ["http://127.0.0.1:9000", "http://[::1]:9000", "https://[::1]"])
@pytest.mark.parametrize("bucket", ["bucket", "my.bucket"])
def test_an_ip_address_has_no_subdomains(endpoint_url: str, bucket: str) -> None:
    assert location(endpoint_url, bucket).origin == endpoint_url


@pytest.mark.parametrize(
    "endpoint_url",
    [
        "",
        "localhost:9000",
        "ftp://store",
        "https://",
        "https://store/path",
        "https://store?",
        "https://store/?a=b",
        "https://store#f",
        "https://user:secret@store",
        "https://sto re",
        "https://störe",
        "https://store:",
        "https://store:0",
        "https://store:99999",
        "https://store:port",
        "https://[::1",
        "https://a..b",
        "https://-store",
    ],
)
def test_other_endpoints_are_refused(endpoint_url: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Addressing(endpoint_url, "us-east-1", "bucket", "path")


@pytest.mark.parametrize(
    "bucket", ["", ".", "..", "a/b", "a b", "bücket", "a\n", "a%2F", "x" * 256, "b--x-s3", "b--op-s3"]
)
def test_other_buckets_are_refused(bucket: str) -> None:
    with pytest.raises(ValueError, match=r"bucket"):
        Addressing("https://store", "us-east-1", bucket, "path")


@pytest.mark.parametrize("region", ["", "eu west", "eu/west", "eu-west-1\n", "-x"])
def test_other_regions_are_refused(region: str) -> None:
    with pytest.raises(ValueError, match=r"region"):
        Addressing("https://store", region, "bucket", "path")


def test_other_styles_are_refused() -> None:
    with pytest.raises(ValueError, match=r"style"):
        Addressing("https://store", "auto", "bucket", "auto")  # type: ignore[arg-type]  # the point of the test
