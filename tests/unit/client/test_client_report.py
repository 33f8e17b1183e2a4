"""Reports that are stopped."""

import asyncio
from collections.abc import Sequence

from coordinator.client.report import Reporter
from coordinator.protocol import ClaimBody


async def test_who_is_cancelled_while_a_report_ends_does_not_go_on() -> None:
    begun = asyncio.Event()

    async def send(_: Sequence[ClaimBody]) -> None:
        try:
            begun.set()
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)  # its connection is closed

    reporter = Reporter(send)
    for number in range(1, 101):
        reporter.add(ClaimBody(part_number=number, etag="x", size=1))
    async with asyncio.timeout(60):
        await begun.wait()
        stopping = asyncio.create_task(reporter.stop())
        await asyncio.sleep(0)
        stopping.cancel()
        await asyncio.wait({stopping})
    assert stopping.cancelled()
