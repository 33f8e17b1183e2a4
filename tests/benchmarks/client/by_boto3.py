"""Send a file, or all files of a folder in ten threads, with boto3: BUCKET SOURCE classic|crt. Runs in the peers' environment."""

import json
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from pathlib import Path
from typing import Any

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config


def without_tls() -> None:
    """boto3 tells awscrt to use TLS whatever the endpoint says."""
    crt: Any = import_module("boto3.crt")
    create = crt.create_s3_crt_client

    def create_plain(**given: Any) -> Any:
        return create(**{**given, "use_ssl": False})

    crt.create_s3_crt_client = create_plain


def main(bucket: str, source: Path, preferred: str) -> None:
    if preferred == "crt" and os.environ["AWS_ENDPOINT_URL"].startswith("http:"):
        without_tls()
    client: Any = boto3.client(
        "s3",
        endpoint_url=os.environ["AWS_ENDPOINT_URL"],
        config=Config(s3={"addressing_style": "path"}, max_pool_connections=20),
        verify=os.environ.get("AWS_CA_BUNDLE"),
    )
    config = TransferConfig(preferred_transfer_client=preferred)
    began = time.perf_counter()
    if source.is_file():
        client.upload_file(str(source), bucket, f"boto3-{preferred}", Config=config)
    else:
        files = [path for path in source.rglob("*") if path.is_file()]
        with ThreadPoolExecutor(10) as threads:
            list(threads.map(lambda path: client.upload_file(str(path), bucket, path.name), files))
    print(json.dumps({"seconds": time.perf_counter() - began}))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3])
