"""A Postgres for the tests: the one in TEST_DATABASE_URL, else a container where Docker answers, else the wheel's."""

import gc
import os
import secrets
import tempfile
import warnings
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg

from coordinator.local.ports import choose_ports
from coordinator.local.postgres import running_postgres
from tests.ports import OwnPorts

IMAGE = "postgres:18"


@contextmanager
def passable_directory() -> Iterator[Path]:
    """A temporary directory that `nobody` may enter, which pytest's own are not when root runs the tests."""
    with tempfile.TemporaryDirectory(prefix="coordinator-tests-") as name:
        Path(name).chmod(0o711)
        yield Path(name)


def docker_answers() -> bool:
    docker = import_module("docker")
    with warnings.catch_warnings():
        # the client leaves its socket open when nothing answers
        warnings.simplefilter("ignore", ResourceWarning)
        try:
            return bool(docker.from_env(timeout=2).ping())
        except docker.errors.DockerException:
            return False
        finally:
            gc.collect()


def container_class() -> Any:
    try:
        module = import_module("testcontainers.community.postgres")
    except ModuleNotFoundError:
        module = import_module("testcontainers.postgres")
    return module.PostgresContainer


@contextmanager
def container_postgres() -> Iterator[str]:
    container = container_class()(IMAGE, driver=None)
    with container.with_command("postgres -c fsync=off -c synchronous_commit=off") as running:
        yield running.get_connection_url()


@asynccontextmanager
async def wheel_postgres() -> AsyncIterator[str]:
    with passable_directory() as directory:
        [port] = choose_ports(1, rng=OwnPorts())
        server = running_postgres(
            directory / "postgres",
            port=port,
            password=secrets.token_hex(8),
            log=directory / "postgres.log",
            durable=False,
        )
        async with server as url:
            yield url


@asynccontextmanager
async def any_postgres() -> AsyncIterator[str]:
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        yield given
    elif docker_answers():
        with container_postgres() as url:
            yield url
    else:
        async with wheel_postgres() as url:
            yield url


def with_database(url: str, name: str) -> str:
    return urlsplit(url)._replace(path=f"/{name}").geturl()


async def run_alone(url: str, statement: str) -> None:
    """CREATE and DROP DATABASE want a connection of their own, outside any transaction."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


@asynccontextmanager
async def new_database(url: str, *, template: str = "template1") -> AsyncIterator[str]:
    """The URL of a new database, a copy of `template`; gone at the end, whoever is still connected."""
    name = f"test_{secrets.token_hex(6)}"
    await run_alone(url, f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    try:
        yield with_database(url, name)
    finally:
        await run_alone(url, f'DROP DATABASE "{name}" WITH (FORCE)')
