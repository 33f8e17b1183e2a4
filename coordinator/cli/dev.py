"""`coordinator dev`: one command, and large files go into a bucket on this machine.

Starts embedded Postgres and SeaweedFS on a data directory, migrates, keeps one API key, and serves the API and the
page on loopback. Requests without credentials are let in, but only from this machine's own pages and programs: Host
and Origin are checked. With `--json` the first line on standard output is one JSON object for programs, printed once
all is ready; everything else goes to standard error.
"""

import asyncio
import json
import os
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Final

from coordinator.access.principals import Scope
from coordinator.app import create_app
from coordinator.cli.keys import create_key
from coordinator.cli.server import run, serve
from coordinator.cli.walkthrough import walkthrough
from coordinator.database.migrations import upgrade
from coordinator.local.stack import LocalStack
from coordinator.logs import configure_logs
from coordinator.settings import Settings, load_settings

__all__ = ["run_dev"]

_LOOPBACK: Final = "127.0.0.1"


def run_dev(data_dir: str, port: int | None, *, as_json: bool) -> None:
    """Raises ConfigurationError, ServerStartError."""
    run(_dev(Path(data_dir), port, as_json=as_json))


async def _dev(data_dir: Path, port: int | None, *, as_json: bool) -> None:
    began = time.monotonic()
    _say(f"starting Postgres and SeaweedFS in {data_dir} ...")
    # the store must let in the pages that the API lets in; all else is known only once it runs
    origins = load_settings().allowed_origins
    async with LocalStack(data_dir, port=port, origins=origins) as stack:
        await asyncio.to_thread(upgrade, stack.database_url)
        api_key = await _api_key(stack)
        settings = _settings(stack)
        configure_logs(settings)

        def ready() -> None:
            summary = _summary(stack, api_key)
            print(json.dumps(summary) if as_json else _page(summary, time.monotonic() - began), flush=True)

        await serve(create_app(settings), settings, ready)
    _say("stopped; everything is kept")


async def _api_key(stack: LocalStack) -> str:
    """Made at the first start and kept in the data directory, for programs that use this service."""
    kept = stack.directory.state.secrets.get("api_key")
    if kept is not None:
        return kept
    made = await create_key(
        stack.database_url, tenant="default", owner=None, name="dev", scopes=frozenset(Scope)
    )
    return stack.directory.secret("api_key", lambda: made.text)


def _settings(stack: LocalStack) -> Settings:
    token_secret = stack.directory.secret("token_secret", lambda: os.urandom(32).hex())
    return load_settings(
        {
            "database_url": stack.database_url,
            "store": asdict(stack.store),
            "host": _LOOPBACK,
            "port": stack.port,
            "token_secret": token_secret,
            "anonymous": True,
            "allowed_hosts": (_LOOPBACK, "localhost"),
            "log_format": "console",
            "log_level": "warning",
        }
    )


def _summary(stack: LocalStack, api_key: str) -> dict[str, object]:
    return {
        "url": f"http://{_LOOPBACK}:{stack.port}",
        "api_key": api_key,
        "database_url": stack.database_url,
        "data_dir": str(stack.data_dir),
        "pid": os.getpid(),
        "store": asdict(stack.store),
    }


def _page(summary: dict[str, object], seconds: float) -> str:
    url = str(summary["url"])
    store = summary["store"]
    endpoint = store["endpoint_url"] if isinstance(store, dict) else store
    return f"""
coordinator is ready ({seconds:.1f} s)

  page       {url}/upload/        <- drop a file here
  API        {url}/v1/uploads     description: {url}/openapi.json
  API key    {summary["api_key"]}
  store      SeaweedFS at {endpoint}, signatures checked
  database   Postgres, {_without_password(str(summary["database_url"]))}
  data       {summary["data_dir"]}  (kept; addresses and keys stay the same)

  Requests without credentials are let in, from this machine alone. Ctrl-C stops everything.

The whole protocol with curl:

{walkthrough(url, str(summary["api_key"]))}"""


def _without_password(database_url: str) -> str:
    scheme, _, rest = database_url.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}"


def _say(text: str) -> None:
    print(f"coordinator: {text}", file=sys.stderr, flush=True)
