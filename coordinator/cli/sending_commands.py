"""`coordinator upload | resume | test-upload`, as typer wants them: what may be said, and no more.

They need the base packages alone, and speak to a coordinator over HTTP.
"""

from typing import Annotated

import typer

from coordinator.cli.client_options import (
    FILES,
    ApiKey,
    Concurrency,
    ContentType,
    DataDir,
    Debug,
    Digest,
    FileDigest,
    Gzip,
    Json,
    LimitRate,
    Metadata,
    Name,
    PartSize,
    Policy,
    Quiet,
    Restart,
    Token,
    Url,
)
from coordinator.cli.reporting import reporting

__all__ = ["sending_app"]

sending_app = typer.Typer()


@sending_app.command(rich_help_panel=FILES)
def upload(
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE|DIR|-", help="Files, folders with all that is in them, or - for standard input."
        ),
    ],
    *,
    name: Name = None,
    metadata: Metadata = None,
    content_type: ContentType = None,
    file_digest: FileDigest = None,
    restart: Restart = False,
    policy: Policy = None,
    part_size: PartSize = None,
    concurrency: Concurrency = None,
    limit_rate: LimitRate = None,
    digest: Digest = None,
    gzip: Gzip = None,
    json: Json = False,
    quiet: Quiet = False,
    url: Url = None,
    api_key: ApiKey = None,
    token: Token = None,
    data_dir: DataDir = None,
    debug: Debug = False,
) -> None:
    """Send files. What an earlier attempt left half done is resumed: run the same command again.

    Progress goes to standard error, the result to standard output: a line for each file with its id, its place and its name.
    """
    with reporting(debug=debug):
        from coordinator.cli.arguments import read_metadata
        from coordinator.cli.client_settings import load_client_settings
        from coordinator.cli.upload import UploadWishes, run_upload

        flags = {
            "url": url,
            "api_key": api_key,
            "token": token,
            "data_dir": data_dir,
            "policy": policy,
            "part_size": part_size,
            "concurrency": concurrency,
            "limit_rate": limit_rate,
            "digest": digest,
            "gzip": gzip,
        }
        wishes = UploadWishes(
            name=name,
            metadata=read_metadata(metadata or []),
            content_type=content_type,
            file_digest=file_digest,
            restart=restart,
            as_json=json,
            quiet=quiet,
        )
        run_upload(load_client_settings(flags), files, wishes)


@sending_app.command(rich_help_panel=FILES)
def resume(
    upload_id: Annotated[str | None, typer.Argument(metavar="ID", help="The upload's id.")] = None,
    file: Annotated[
        str | None,
        typer.Argument(metavar="FILE", help="Its file, wherever it lies now; - for standard input."),
    ] = None,
    *,
    concurrency: Concurrency = None,
    limit_rate: LimitRate = None,
    digest: Digest = None,
    json: Json = False,
    quiet: Quiet = False,
    url: Url = None,
    api_key: ApiKey = None,
    token: Token = None,
    data_dir: DataDir = None,
    debug: Debug = False,
) -> None:
    """Go on with an upload, from this machine or another one. Without an ID, list what can be resumed."""
    with reporting(debug=debug):
        from coordinator.cli.client_settings import load_client_settings
        from coordinator.cli.resume import run_resumable, run_resume

        flags = {
            "url": url,
            "api_key": api_key,
            "token": token,
            "data_dir": data_dir,
            "concurrency": concurrency,
            "limit_rate": limit_rate,
            "digest": digest,
        }
        settings = load_client_settings(flags)
        if upload_id is None:
            run_resumable(settings, as_json=json)
        else:
            run_resume(settings, upload_id, file, as_json=json, quiet=quiet)


@sending_app.command("test-upload", rich_help_panel=FILES)
def try_upload(
    size: Annotated[str, typer.Argument(metavar="SIZE", help="How much to send: 500M, 2G.")],
    *,
    policy: Policy = None,
    part_size: PartSize = None,
    concurrency: Concurrency = None,
    limit_rate: LimitRate = None,
    digest: Digest = None,
    json: Json = False,
    quiet: Quiet = False,
    url: Url = None,
    api_key: ApiKey = None,
    token: Token = None,
    data_dir: DataDir = None,
    debug: Debug = False,
) -> None:
    """Send generated data, read it back, compare every byte, and say how fast that was."""
    with reporting(debug=debug):
        from coordinator.cli.client_settings import load_client_settings
        from coordinator.cli.trial import run_trial

        flags = {
            "url": url,
            "api_key": api_key,
            "token": token,
            "data_dir": data_dir,
            "policy": policy,
            "part_size": part_size,
            "concurrency": concurrency,
            "limit_rate": limit_rate,
            "digest": digest,
        }
        run_trial(load_client_settings(flags), size, as_json=json, quiet=quiet)
