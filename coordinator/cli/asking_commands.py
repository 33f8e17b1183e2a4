"""`coordinator ls | show | abort | config`, as typer wants them: what may be said, and no more.

They need the base packages alone, and speak to a coordinator over HTTP.
"""

from typing import Annotated, Literal

import typer

from coordinator.cli.client_options import (
    FILES,
    ApiKey,
    Concurrency,
    DataDir,
    Debug,
    Digest,
    Gzip,
    Json,
    LimitRate,
    PartSize,
    Policy,
    Token,
    UploadId,
    Url,
)
from coordinator.cli.reporting import reporting

__all__ = ["asking_app"]

asking_app = typer.Typer()

State = Literal["creating", "open", "completing", "completed", "aborting", "aborted", "failed"]


@asking_app.command("ls", rich_help_panel=FILES)
def list_uploads(
    *,
    state: Annotated[State | None, typer.Option(help="Only those in this state.")] = None,
    prefix: Annotated[str | None, typer.Option(help="Only names that begin with this.")] = None,
    older_than: Annotated[
        int | None,
        typer.Option(metavar="SECONDS", min=0, max=1_000_000_000, help="Only those started longer ago."),
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


@asking_app.command(rich_help_panel=FILES)
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


@asking_app.command(rich_help_panel=FILES)
def abort(
    upload_ids: Annotated[list[str], typer.Argument(metavar="ID", help="The uploads' ids.")],
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


@asking_app.command(rich_help_panel=FILES)
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
