"""The database: there, new enough, at the newest schema, and set so that what was committed stays."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

import asyncpg
from alembic.script import ScriptDirectory

from coordinator.database.engine import normalise_url
from coordinator.database.migrations import configuration, current, head
from coordinator.database.tables import metadata
from coordinator.doctor.check import Check
from coordinator.doctor.finding import Verdict, failed, passed, warning
from coordinator.doctor.ledger import Ledger

__all__ = ["DATABASE_CHECKS", "connections_verdict", "durability_verdict", "version_verdict"]

OLDEST: Final = 14
"""Of Postgres, the oldest major release that its project still mended when this one was made."""

_SMALL_DRIFT: Final = timedelta(seconds=2)
_GREAT_DRIFT: Final = timedelta(seconds=60)
"""A URL's end is kept in the ledger with this margin (`uploads.url_signer`)."""

_DELETED_FROM: Final = ("events", "idempotency_keys", "parts", "uploads")
"""What retention and the end of an upload remove; the other tables only grow."""

_ROUNDS: Final = 5
_CONNECT_TIMEOUT: Final = 5.0
_LOOK: Final = "Look at the server's log."

_BY_SQLSTATE: Final = {
    "28P01": ("the password is refused", "Correct the password in DATABASE_URL."),
    "28000": (
        "the server refuses this user from here",
        "Allow the user in pg_hba.conf, with TLS if it asks for it.",
    ),
    "3D000": ("there is no such database", "Create it, or correct its name in DATABASE_URL."),
    "53300": ("the server has no connection left", "Raise max_connections, or close what holds them."),
    "57P03": ("the server is starting or stopping", "Try again in a moment."),
}


async def reachable(ledger: Ledger) -> Verdict:
    """By the driver alone, whose errors say which of name, password and address is wrong."""
    try:
        connection = await asyncpg.connect(dsn=normalise_url(ledger.url), timeout=_CONNECT_TIMEOUT)
    except asyncpg.PostgresError as refused:
        code = refused.sqlstate or ""
        return failed(*_BY_SQLSTATE.get(code, (f"the server refuses the connection ({code})", _LOOK)))
    except (OSError, TimeoutError, asyncpg.InterfaceError) as broken:
        return failed(
            f"nothing answers as a database at this address ({type(broken).__name__})",
            "Start Postgres, or correct host and port in DATABASE_URL.",
        )
    await connection.close()
    return passed("the database answers")


async def version(ledger: Ledger) -> Verdict:
    [number] = await ledger.row("SELECT current_setting('server_version_num')::int")
    return version_verdict(number)


def version_verdict(number: int) -> Verdict:
    """`number` as in `server_version_num`."""
    major = number // 10_000
    if major < OLDEST:
        return failed(f"Postgres {major} is too old", f"Move to Postgres {OLDEST} or newer.")
    return passed(f"Postgres {major}")


async def writable(ledger: Ledger) -> Verdict:
    standby, read_only = await ledger.row(
        "SELECT pg_is_in_recovery(), current_setting('transaction_read_only')::boolean"
    )
    if standby:
        return failed("this is a standby, which takes no writes", "Point DATABASE_URL at the primary.")
    if read_only:
        return failed(
            "transactions are read-only for this user or database",
            "Reset default_transaction_read_only for the role and the database.",
        )
    return passed("it takes writes")


async def migrations(ledger: Ledger) -> Verdict:
    at = await asyncio.to_thread(current, ledger.url)
    known = {script.revision for script in ScriptDirectory.from_config(configuration()).walk_revisions()}
    if at == head():
        return passed(f"the schema is at {at}")
    if at is None or at in known:
        return failed(f"the schema is at {at or 'nothing'}, not {head()}", "Run `coordinator migrate`.")
    return warning(
        f"the schema is at {at}, which this release does not know: a newer one migrated it",
        "Bring this release up to the newer one.",
    )


async def rights(ledger: Ledger) -> Verdict:
    wanted = [f"{table}:{right}" for table in metadata.tables for right in ("SELECT", "INSERT", "UPDATE")]
    missing = await ledger.rows(
        "SELECT w FROM unnest(CAST(:wanted AS text[])) AS w"
        " WHERE NOT has_table_privilege(split_part(w, ':', 1), split_part(w, ':', 2))",
        wanted=[*wanted, *(f"{table}:DELETE" for table in _DELETED_FROM)],
    )
    if missing:
        names = ", ".join(name.replace(":", " ") for (name,) in missing)
        return failed(f"the user lacks {names}", "GRANT them to the user that DATABASE_URL names.")
    return passed("the user may read and write every table")


async def encoding(ledger: Ledger) -> Verdict:
    found = (await ledger.shown("server_encoding"))["server_encoding"]
    if found != "UTF8":
        return failed(
            f"the database's encoding is {found}: file names of other scripts will be refused",
            "Make a database with ENCODING 'UTF8'.",
        )
    return passed("UTF8")


async def clock(ledger: Ledger) -> Verdict:
    await ledger.row("SELECT 1")  # the next one finds a connection ready
    before = ledger.clock()
    [theirs] = await ledger.row("SELECT clock_timestamp()")
    after = ledger.clock()
    drift = max(before - theirs, theirs - after, timedelta())
    if drift > _GREAT_DRIFT:
        return failed(
            f"the clocks of the database and of this machine differ by {drift}",
            "Let both follow NTP: URLs are signed by one clock and given up by the other.",
        )
    if drift > _SMALL_DRIFT:
        return warning(f"the clocks differ by {drift}", "Let both machines follow NTP.")
    return passed("its clock and this machine's agree")


async def time_limits(ledger: Ledger) -> Verdict:
    shown = await ledger.shown(
        "TimeZone", "statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"
    )
    lost = [name for name, value in shown.items() if value in {"0", "0ms"}]
    if lost:
        return failed(
            f"{', '.join(lost)} did not reach the server: a pooler drops them",
            "Set them with ALTER ROLE ... SET for the service's user.",
        )
    if shown["TimeZone"] != "UTC":
        return warning(
            f"the time zone is {shown['TimeZone']}, although UTC was asked for: a pooler drops it",
            "ALTER ROLE ... SET timezone = 'UTC' for the service's user; times are right either way.",
        )
    return passed("time zone and time limits are as the service asks for")


async def connections(ledger: Ledger) -> Verdict:
    shown = await ledger.shown("max_connections", "superuser_reserved_connections", "reserved_connections")
    reserved = int(shown["superuser_reserved_connections"]) + int(shown.get("reserved_connections", 0))
    others, of_role, of_database = await ledger.row(
        "SELECT (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'"
        "   AND application_name <> 'coordinator doctor'),"
        " (SELECT rolconnlimit FROM pg_roles WHERE rolname = current_user),"
        " (SELECT datconnlimit FROM pg_database WHERE datname = current_database())"
    )
    most = min(
        int(shown["max_connections"]) - reserved, *(n for n in (of_role, of_database) if n >= 0), 10**9
    )
    return connections_verdict(pool_size=ledger.pool_size, most=most, others=others)


def connections_verdict(*, pool_size: int, most: int, others: int) -> Verdict:
    """`most` connections may be held by all; `others` hold some now, running replicas of ours among them."""
    if pool_size > most:
        return failed(
            f"one process may hold {pool_size} connections, the server gives {most}",
            "Lower COORDINATOR_DATABASE_POOL_SIZE, or raise max_connections.",
        )
    if pool_size > most - others:
        return warning(
            f"one process may hold {pool_size} connections, {most - others} of {most} are free now",
            "Lower COORDINATOR_DATABASE_POOL_SIZE, or raise max_connections.",
        )
    return passed(f"{most} connections, {others} in use: room for {(most - others) // pool_size} processes")


async def durability(ledger: Ledger) -> Verdict:
    return durability_verdict(await ledger.shown("fsync", "full_page_writes", "synchronous_commit"))


def durability_verdict(shown: Mapping[str, str]) -> Verdict:
    off = [name for name in ("fsync", "full_page_writes") if shown.get(name) == "off"]
    if off:
        return failed(
            f"{', '.join(off)} is off: a power cut may destroy the ledger",
            "Set fsync and full_page_writes to on.",
        )
    if shown.get("synchronous_commit") == "off":
        return failed(
            "synchronous_commit is off: a crash forgets what was already answered",
            "Set synchronous_commit to on for the service's user.",
        )
    return passed("what is committed is on disk")


async def statements(ledger: Ledger) -> Verdict:
    """A pooler that shares connections between statements gives one connection several servers' processes."""
    try:
        seen = await asyncio.gather(*(_processes(ledger) for _ in range(2)))
    except asyncpg.PostgresError:
        return failed(
            "prepared statements get lost: a pooler shares connections between statements",
            "Set COORDINATOR_DATABASE_STATEMENT_CACHE=false.",
        )
    if ledger.statement_cache and any(len(processes) > 1 for processes in seen):
        return failed(
            "a pooler shares connections between statements, and the statement cache is on",
            "Set COORDINATOR_DATABASE_STATEMENT_CACHE=false.",
        )
    return passed("prepared statements work")


async def _processes(ledger: Ledger) -> set[int]:
    pooled = await ledger.engine.raw_connection()
    driver: Any = pooled.driver_connection
    try:
        # each in a transaction of its own, as only between those a pooler may change the process
        return {await driver.fetchval("SELECT pg_backend_pid()") for _ in range(_ROUNDS)}
    finally:
        pooled.close()


_REACHABLE: Final = ("database.reachable",)

DATABASE_CHECKS: Final = (
    Check("database.reachable", reachable),
    Check("database.version", version, needs=_REACHABLE),
    Check("database.writable", writable, needs=_REACHABLE),
    Check("database.migrations", migrations, needs=_REACHABLE),
    Check("database.rights", rights, needs=("database.migrations",)),
    Check("database.encoding", encoding, needs=_REACHABLE),
    Check("database.clock", clock, needs=_REACHABLE),
    Check("database.time_limits", time_limits, needs=_REACHABLE),
    Check("database.connections", connections, needs=_REACHABLE),
    Check("database.durability", durability, needs=_REACHABLE),
    Check("database.statements", statements, needs=_REACHABLE),
)
