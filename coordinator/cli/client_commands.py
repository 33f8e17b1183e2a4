"""`coordinator upload | resume | ls | show | abort | test-upload | config`, as typer wants them: what may be said, and no more.

They need the base packages alone, and speak to a coordinator over HTTP.
"""

from typing import Annotated

import typer

from coordinator.cli.client_options import ApiKey, DataDir, Debug, Token, Url
from coordinator.cli.reporting import reporting

__all__ = ["client_app"]

_FILES = "Files"
_HOW = "How it is sent"
_OUTPUT = "Output"

client_app = typer.Typer()

Policy = Annotated[
    str | None, typer.Option(help="The policy the upload is started under.", rich_help_panel=_HOW)
]
PartSize = Annotated[
    str | None,
    typer.Option(
        metavar="SIZE", help="Bytes a part: 16M. Chosen by the file's size otherwise.", rich_help_panel=_HOW
    ),
]
Concurrency = Annotated[
    str | None,
    typer.Option(
        metavar="COUNT",
        help="Parts under way at once, 1 to 64. Found by measuring otherwise.",
        rich_help_panel=_HOW,
    ),
]
LimitRate = Annotated[
    str | None,
    typer.Option(metavar="RATE", help="Bytes a second, all files together: 500K, 10M.", rich_help_panel=_HOW),
]
Digest = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="Bind each part's URL to the digest of its bytes, so that the store takes no other ones: on (the default), auto (where the policy wants it), off, md5 or sha256.",
        rich_help_panel=_HOW,
    ),
]
Gzip = Annotated[
    bool | None,
    typer.Option(
        "--gzip/--no-gzip",
        help="Compress on the way; stored with Content-Encoding: gzip.",
        rich_help_panel=_HOW,
    ),
]
Json = Annotated[
    bool, typer.Option("--json", help="One JSON object a line, for programs.", rich_help_panel=_OUTPUT)
]
Quiet = Annotated[
    bool,
    typer.Option("--quiet", "-q", help="No progress: results and failures alone.", rich_help_panel=_OUTPUT),
]
UploadId = Annotated[str, typer.Argument(metavar="ID", help="The upload's id.")]


@client_app.command(rich_help_panel=_FILES)
def upload(
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE|DIR|-...", help="Files, folders with all that is in them, or - for standard input."
        ),
    ],
    *,
    name: Annotated[
        str | None, typer.Option(help="Another name for the one file; needed for standard input.")
    ] = None,
    metadata: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="Kept with the upload; may be given again."),
    ] = None,
    content_type: Annotated[
        str | None, typer.Option(metavar="TYPE", help="Such as image/png; by the name's ending otherwise.")
    ] = None,
    restart: Annotated[
        bool, typer.Option("--restart", help="Begin anew, where an earlier attempt would be resumed.")
    ] = False,
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
        from coordinator.cli.client_settings import load_client_settings
        from coordinator.cli.upload import UploadWishes, read_metadata, run_upload

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
        wishes = UploadWishes(name, read_metadata(metadata or []), content_type, restart, json, quiet)
        run_upload(load_client_settings(flags), files, wishes)


@client_app.command(rich_help_panel=_FILES)
def resume(
    upload_id: Annotated[str | None, typer.Argument(metavar="[ID]", help="The upload's id.")] = None,
    file: Annotated[
        str | None,
        typer.Argument(metavar="[FILE]", help="Its file, wherever it lies now; - for standard input."),
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


@client_app.command("test-upload", rich_help_panel=_FILES)
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


@client_app.command("ls", rich_help_panel=_FILES)
def list_uploads(
    *,
    state: Annotated[
        str | None,
        typer.Option(help="Only these: creating, open, completing, completed, aborting, aborted or failed."),
    ] = None,
    prefix: Annotated[str | None, typer.Option(help="Only names that begin with this.")] = None,
    older_than: Annotated[
        int | None, typer.Option(metavar="SECONDS", min=0, help="Only those started longer ago.")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many, the newest.")] = None,
    json: Json = False,
    url: Url = None,
    api_key: ApiKey = None,
    token: Token = None,
    data_dir: DataDir = None,
    debug: Debug = False,
) -> None:
    """List uploads, newest first: finished ones and those under way."""
    with reporting(debug=debug):
        from coordinator.cli.client_settings import load_client_settings
        from coordinator.cli.listing import Filter, run_ls

        settings = load_client_settings(
            {"url": url, "api_key": api_key, "token": token, "data_dir": data_dir}
        )
        run_ls(settings, Filter(state, prefix, older_than, limit), as_json=json)


@client_app.command(rich_help_panel=_FILES)
def show(
    upload_id: UploadId,
    *,
    json: Json = False,
    url: Url = None,
    api_key: ApiKey = None,
    token: Token = None,
    data_dir: DataDir = None,
    debug: Debug = False,
) -> None:
    """Show all that the coordinator knows about one upload."""
    with reporting(debug=debug):
        from coordinator.cli.client_settings import load_client_settings
        from coordinator.cli.showing import run_show

        settings = load_client_settings(
            {"url": url, "api_key": api_key, "token": token, "data_dir": data_dir}
        )
        run_show(settings, upload_id, as_json=json)


@client_app.command(rich_help_panel=_FILES)
def abort(
    upload_ids: Annotated[list[str], typer.Argument(metavar="ID...", help="The uploads' ids.")],
    *,
    reason: Annotated[
        str | None, typer.Option(help="Why, kept with the upload; at most 200 characters.")
    ] = None,
    json: Json = False,
    url: Url = None,
    api_key: ApiKey = None,
    token: Token = None,
    data_dir: DataDir = None,
    debug: Debug = False,
) -> None:
    """End uploads that are not wanted any more; the store forgets their parts. Completed ones stay."""
    with reporting(debug=debug):
        from coordinator.cli.aborting import run_abort
        from coordinator.cli.client_settings import load_client_settings

        settings = load_client_settings(
            {"url": url, "api_key": api_key, "token": token, "data_dir": data_dir}
        )
        run_abort(settings, upload_ids, reason, as_json=json)


@client_app.command(rich_help_panel=_FILES)
def config(
    *,
    policy: Policy = None,
    part_size: PartSize = None,
    concurrency: Concurrency = None,
    limit_rate: LimitRate = None,
    digest: Digest = None,
    gzip: Gzip = None,
    json: Json = False,
    url: Url = None,
    api_key: ApiKey = None,
    token: Token = None,
    data_dir: DataDir = None,
    debug: Debug = False,
) -> None:
    """Show what is in force for these commands and who said so. Secrets stay hidden."""
    with reporting(debug=debug):
        from coordinator.cli.client_settings import load_client_settings
        from coordinator.cli.config import run_config

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
        run_config(load_client_settings(flags), as_json=json)
