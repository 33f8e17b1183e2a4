"""`coordinator dev | serve | migrate | doctor | audit | sweep | fail | bucket | keys`, as typer wants them.

They need the server's packages, which each imports when it is called and not before.
"""

from typing import Annotated, Final

import typer

__all__ = ["service_app"]

_SERVICE: Final = "The service"

service_app = typer.Typer()


@service_app.command(rich_help_panel=_SERVICE)
def dev(
    data_dir: str = typer.Option(".coordinator", help="Where Postgres, SeaweedFS and the secrets are kept."),
    port: int | None = typer.Option(
        None, min=1, max=65_535, help="The page's port; chosen once and kept otherwise."
    ),
    json: bool = typer.Option(False, "--json", help="Print one JSON object once all is ready, for programs."),
) -> None:
    """Everything on this machine: embedded Postgres and SeaweedFS, the service and the page. Loopback only."""
    from coordinator.cli.dev import run_dev

    run_dev(data_dir, port, as_json=json)


@service_app.command(rich_help_panel=_SERVICE)
def serve(
    host: str | None = typer.Option(None, help="The address to listen on."),
    port: int | None = typer.Option(None, min=0, max=65_535, help="The port to listen on."),
) -> None:
    """The service, on the database and the store that the settings name."""
    from coordinator.cli.serve import run_serve

    run_serve({name: value for name, value in (("host", host), ("port", port)) if value is not None})


@service_app.command(rich_help_panel=_SERVICE)
def migrate() -> None:
    """Bring the database to the newest schema."""
    from coordinator.cli.migrate import run_migrate

    run_migrate()


@service_app.command(rich_help_panel=_SERVICE)
def doctor(
    origin: Annotated[
        list[str] | None,
        typer.Option(help="A page's origin to check CORS for; repeatable. Without it, the allowed origins."),
    ] = None,
    data_dir: str | None = typer.Option(
        None, help="Examine the `coordinator dev` that runs on this directory."
    ),
    json: bool = typer.Option(False, "--json", help="Print a JSON list of name, status, detail and remedy."),
) -> None:
    """Probe database and bucket as they are, and say what is wrong and how to mend it."""
    from coordinator.cli.doctor import run_doctor

    run_doctor(origin or [], data_dir, as_json=json)


@service_app.command(rich_help_panel=_SERVICE)
def sweep(
    once: bool = typer.Option(False, "--once", help="Drive one batch of due uploads, not all there are."),
) -> None:
    """Drive what is due now, forget what is old, and end: for a timer, where no process sweeps."""
    from coordinator.cli.sweep import run_sweep

    run_sweep(once=once)


@service_app.command(rich_help_panel=_SERVICE)
def audit(
    *,
    apply: bool = typer.Option(False, "--apply", help="Mend what can be mended, and say what was done."),
    older_than: int | None = typer.Option(
        None,
        min=1,
        help="Days after which a multipart upload that no row knows may be aborted; 7, or a day beyond hard_lifetime.",
    ),
    prefix: str = typer.Option("", help="Look only at keys that begin with this."),
    at_once: int = typer.Option(16, min=1, max=256, help="How much is asked of the store at the same time."),
    data_dir: str | None = typer.Option(
        None, help="Audit the `coordinator dev` that runs on this directory."
    ),
    json: bool = typer.Option(False, "--json", help="Print one JSON object: summary and findings."),
) -> None:
    """Hold the ledger against the bucket, both ways, and say what differs. Changes nothing without --apply."""
    from coordinator.cli.audit import AuditWishes, run_audit

    run_audit(data_dir, AuditWishes(json, apply, older_than, prefix, at_once))


@service_app.command(rich_help_panel=_SERVICE)
def fail(
    upload_id: str = typer.Argument(help="Of an upload that is completing or aborting, without end."),
    text: str | None = typer.Option(None, help="Why, kept with the upload."),
    yes: bool = typer.Option(False, "--yes", help="Do not ask."),
) -> None:
    """Give up an upload that waits on a store which will never answer. Nothing is done at the store."""
    from coordinator.cli.fail import run_fail

    run_fail(upload_id, text, yes=yes)


bucket = typer.Typer(help="The bucket's own rules.", no_args_is_help=True)
service_app.add_typer(bucket, name="bucket", rich_help_panel=_SERVICE)


@bucket.command("setup")
def bucket_setup(
    origin: Annotated[
        list[str] | None,
        typer.Option(help="A page's origin to let in; repeatable. Without it, the allowed origins."),
    ] = None,
    abort_days: int | None = typer.Option(
        None,
        min=1,
        help="Days after which the store ends unfinished uploads; a day beyond hard_lifetime otherwise.",
    ),
    yes: bool = typer.Option(False, "--yes", help="Do not ask."),
) -> None:
    """Show what CORS and lifecycle rules the bucket has and will have, ask, and set them."""
    from coordinator.cli.bucket import run_setup

    run_setup(origin or [], abort_days, yes=yes)


keys = typer.Typer(help="API keys of backends.", no_args_is_help=True)
service_app.add_typer(keys, name="keys", rich_help_panel=_SERVICE)


@keys.command("create")
def keys_create(
    name: str = typer.Option(..., help="What the key is for, for whoever reads the list."),
    tenant: str = typer.Option("default", help="The tenant it speaks for."),
    owner: str | None = typer.Option(None, help="Only this owner's uploads; without it, the whole tenant's."),
    scope: Annotated[
        list[str] | None,
        typer.Option(help="What it may do: uploads:write, uploads:read, tokens:mint, admin."),
    ] = None,
) -> None:
    """Make a key and print it. It is shown this once."""
    from coordinator.access.principals import Scope
    from coordinator.cli.keys import run_create

    wanted = scope or ["uploads:write", "uploads:read", "tokens:mint"]
    known = [one.value for one in Scope]
    unknown = [one for one in wanted if one not in known]
    if unknown:
        raise typer.BadParameter(f"{', '.join(unknown)}: use {', '.join(known)}", param_hint="--scope")
    run_create(tenant, owner, name, [Scope(one) for one in wanted])


@keys.command("list")
def keys_list(tenant: str | None = typer.Option(None, help="Only this tenant's.")) -> None:
    """Show all keys, without their secrets."""
    from coordinator.cli.keys import run_list

    run_list(tenant)


@keys.command("revoke")
def keys_revoke(key_id: str = typer.Argument(help="The key's public part, as `list` shows it.")) -> None:
    """End a key at once."""
    from coordinator.cli.keys import run_revoke

    run_revoke(key_id)
