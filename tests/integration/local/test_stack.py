import os
import signal
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import httpx2

from coordinator.local.bucket import LocalStore, store_client
from coordinator.local.stack import LocalStack
from tests.integration.local.stack_process import none_lives, stack_process, until

MIB = 1024 * 1024


@dataclass(frozen=True)
class Unfinished:
    """An upload in progress at the store, and a row in the database."""

    key: str
    upload_id: str


async def begin_upload(store: LocalStore) -> Unfinished:
    async with store_client(store) as client:
        created = await client.create_multipart_upload(Bucket=store.bucket, Key="a/film.mov")
        upload = Unfinished(created["Key"], created["UploadId"])
        await client.upload_part(
            Bucket=store.bucket,
            Key=upload.key,
            UploadId=upload.upload_id,
            PartNumber=1,
            Body=b"x" * (5 * MIB),
        )
    return upload


async def finish_upload(store: LocalStore, upload: Unfinished) -> int:
    """Completes from what the store lists, and returns the object's size."""
    names = {"Bucket": store.bucket, "Key": upload.key}
    async with store_client(store) as client:
        listed = (await client.list_parts(**names, UploadId=upload.upload_id))["Parts"]
        parts = [{"PartNumber": part["PartNumber"], "ETag": part["ETag"]} for part in listed]
        await client.complete_multipart_upload(
            **names, UploadId=upload.upload_id, MultipartUpload={"Parts": parts}
        )
        head = await client.head_object(**names)
    return int(head["ContentLength"])


async def write_row(database_url: str, text: str) -> None:
    connection = await asyncpg.connect(database_url)
    try:
        await connection.execute("CREATE TABLE IF NOT EXISTS kept (words text)")
        await connection.execute("INSERT INTO kept VALUES ($1)", text)
    finally:
        await connection.close()


async def rows(database_url: str) -> list[str]:
    connection = await asyncpg.connect(database_url)
    try:
        found = await connection.fetch("SELECT words FROM kept ORDER BY words")
    finally:
        await connection.close()
    return [row["words"] for row in found]


async def test_a_restart_keeps_addresses_secrets_rows_and_uploads_in_progress(data_dir: Path) -> None:
    async with LocalStack(data_dir) as first:
        upload = await begin_upload(first.store)
        await write_row(first.database_url, "before")
        key = first.directory.secret("token_secret", lambda: "made once")
    # a pid file left by a crash, whose pid now is another living process: ours
    stale = f"{os.getpid()}\n{first.directory.postgres / 'data'}\n"
    (first.directory.postgres / "data" / "postmaster.pid").write_text(stale)

    async with LocalStack(data_dir) as second:
        assert (second.port, second.database_url, second.store) == (
            first.port,
            first.database_url,
            first.store,
        )
        assert second.directory.secret("token_secret", lambda: "made again") == key
        assert await rows(second.database_url) == ["before"]
        assert await finish_upload(second.store, upload) == 5 * MIB


async def test_the_store_checks_signatures_and_lets_only_the_page_in(data_dir: Path) -> None:
    async with (
        LocalStack(data_dir, origins=["http://app.example"]) as stack,
        httpx2.AsyncClient(timeout=60) as browser,
    ):
        target = f"{stack.store.endpoint_url}/{stack.store.bucket}/k"
        assert (await browser.put(target, content=b"unsigned")).status_code == 403

        def ask(origin: str) -> dict[str, str]:
            return {
                "Origin": origin,
                "Access-Control-Request-Method": "PUT",
                "Access-Control-Request-Headers": "content-md5,content-type,x-amz-checksum-sha256",
            }

        for origin in (*stack.origins, "http://app.example"):
            answer = await browser.options(target, headers=ask(origin))
            assert answer.status_code == 200
            assert answer.headers["access-control-allow-origin"] == origin
        assert f"http://127.0.0.1:{stack.port}" in stack.origins
        stranger = await browser.options(target, headers=ask("http://evil.example"))
        assert "access-control-allow-origin" not in stranger.headers


async def test_the_servers_die_with_a_killed_program_and_the_next_start_resumes(data_dir: Path) -> None:
    async with stack_process(data_dir) as program:
        servers = program.servers()
        names = {server.name() for server in servers}
        assert {"postgres", "weed"} <= names
        await write_row(program.database_url, "before the kill")
        upload = await begin_upload(program.store)
        assert await program.end(signal.SIGKILL) == -signal.SIGKILL
        await until(none_lives(servers))

    async with LocalStack(data_dir) as stack:
        assert (stack.port, stack.database_url) == (program.port, program.database_url)
        assert stack.store == program.store
        assert await rows(stack.database_url) == ["before the kill"]
        assert await finish_upload(stack.store, upload) == 5 * MIB


async def test_a_kill_of_every_process_at_once_loses_nothing(data_dir: Path) -> None:
    async with stack_process(data_dir) as program:
        await write_row(program.database_url, "before the kill")
        upload = await begin_upload(program.store)
        everything = program.servers()
        for server in everything:
            server.suspend()
        for server in everything:
            server.kill()
        await program.end(signal.SIGKILL)

    async with LocalStack(data_dir) as stack:
        assert (stack.database_url, stack.store) == (program.database_url, program.store)
        assert await rows(stack.database_url) == ["before the kill"]
        assert await finish_upload(stack.store, upload) == 5 * MIB


async def test_an_ordinary_user_runs_it_and_an_interrupt_ends_it_cleanly(data_dir: Path) -> None:
    async with stack_process(data_dir, ordinary_user=True) as program:
        servers = program.servers()
        assert all(server.uids().real != 0 for server in servers)
        await write_row(program.database_url, "by nobody special")
        assert await program.end(signal.SIGINT) == 0
        assert none_lives(servers)()
    assert "database system is shut down" in (data_dir / "logs" / "postgres.log").read_text()
