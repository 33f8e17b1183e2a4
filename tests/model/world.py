"""One sequence's world: three processes over one ledger and one store, the time they share, and who may go on when."""

import asyncio
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Coroutine
from datetime import datetime, timedelta
from typing import Any, Literal, TypeVar

from coordinator.storage.errors import Operation
from coordinator.storage.fake import Call, FakeStore, Moment
from coordinator.storage.fake_profiles import Profile
from coordinator.uploads.driving import Timing
from coordinator.uploads.model import Quota
from coordinator.uploads.store import StoreOutcomeUnknown
from tests.model.floor import Floor
from tests.model.gates import Gate, Gates
from tests.model.replica import LIMITS, Replica
from tests.model.truth import ADRIFT, COMPLETE, DEADLINE, Truth

T = TypeVar("T")

REPLICAS = 3
READ_TIMEOUT = 60.0
"""Seconds after which a sender listens no longer; for Complete it is the driver's own deadline."""
MANY = 3000
"""More gates than any step of a sequence opens: the processes are chasing their tails."""

Trouble = Literal["before", "after"]


class World:
    def __init__(
        self, floor: Floor, profile: Profile, quota: Quota | None, moves: Counter[str], timing: Timing
    ) -> None:
        self.floor = floor
        self.timing = timing
        self.quota = quota
        self.gates = Gates()
        self.store = FakeStore(clock=self.now, limits=LIMITS, profile=profile, pause=self._pause)
        self.truth = Truth(self.now, lambda: self.store, moves)
        self.sticking: Counter[tuple[Operation, Moment]] = Counter()
        """Which calls at the store get stuck next, and where."""
        self.troubles: deque[Trouble | None] = deque()
        """What happens to each of the next statements at the database."""
        self._born = 0
        self.replicas = [self._new_replica() for _ in range(REPLICAS)]

    def now(self) -> datetime:
        return self.floor.now()

    async def statement(self, work: Callable[[], Awaitable[T]]) -> T:
        return await self.floor.statement(work)

    def next_trouble(self) -> Trouble | None:
        return self.troubles.popleft() if self.troubles else None

    def ask(self, who: Replica, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Let a process begin some work; it stands at its first gate."""
        asked = who.run(self.floor.loop, work)
        self.floor.run(self.floor.loop.quiet())
        return asked

    def open(self, choose: Callable[[list[Gate]], Gate | None], times: int = MANY) -> None:
        """Open one gate after the other, as long as one is chosen; `times` at most."""
        self.floor.run(self._open(choose, times))

    def drain(self, who: Replica | None = None) -> None:
        """Let everybody (or one process) go on until nothing but time can help."""
        self.floor.run(self._open(_first_of(None if who is None else frozenset({who}))))

    def pass_time(
        self,
        by: timedelta,
        who: Replica | None = None,
        until: Callable[[], bool] = lambda: False,
    ) -> None:
        """Let so much time pass, or less once `until`; only `who` goes on, or all. Timers fire in their order."""
        choose = _first_of(None if who is None else frozenset({who}))
        self.floor.run(self._pass_time(by.total_seconds(), choose, until))

    def stand_still(self, by: timedelta) -> None:
        """Let so much time pass with every process stopped: timers fire, and nobody gets through a gate."""
        self.floor.run(self._pass_time(by.total_seconds(), lambda _waiting: None, lambda: False))

    def kill(self, at: int) -> None:
        """A process dies, and another takes its place."""
        self.replicas[at].kill()
        self.floor.run(self._buried(self.replicas[at]))
        self.replicas[at] = self._new_replica()

    def heal(self) -> None:
        """Nothing fails any more; what is stuck goes on."""
        self.store.heal()
        self.sticking.clear()
        self.troubles.clear()
        for gate in self.gates.waiting:
            gate.stuck = False

    def close(self) -> None:
        for at in range(REPLICAS):
            self.replicas[at].kill()
            self.floor.run(self._buried(self.replicas[at]))

    def _new_replica(self) -> Replica:
        self._born += 1
        return Replica(self, f"replica-{self._born}")

    async def _buried(self, replica: Replica) -> None:
        while replica.tasks:
            await asyncio.wait(replica.tasks)
        self._forget_adrift()

    async def _open(self, choose: Callable[[list[Gate]], Gate | None], times: int = MANY) -> None:
        await self.floor.loop.quiet()
        for opened in range(times):
            gate = choose(self.gates.waiting)
            if gate is None:
                return
            self.gates.open(gate)
            await self.floor.loop.quiet()
            if opened == MANY - 1:
                self.truth.breach(f"the processes do not come to rest: {gate.name}")

    async def _pass_time(
        self, seconds: float, choose: Callable[[list[Gate]], Gate | None], until: Callable[[], bool]
    ) -> None:
        loop = self.floor.loop
        horizon = loop.time() + seconds
        await self._open(choose)
        while not until():
            timer = loop.next_timer()
            if timer is None or timer > horizon:
                loop.move_to(horizon)
                self._forget_adrift()
                return
            loop.move_to(max(timer, loop.time()))
            self._forget_adrift()
            await self._open(choose)

    async def _pause(self, call: Call, moment: Moment) -> None:
        if moment == "sent":
            self.truth.saw_call(call)
        stuck = self._gets_stuck(call.operation, moment)
        if moment == "done" and not stuck:
            return
        try:
            async with asyncio.timeout(None if call.operation == COMPLETE else READ_TIMEOUT):
                await self.gates.stand(f"{call.operation} {moment}", stuck=stuck)
        except TimeoutError:
            raise StoreOutcomeUnknown(call.operation, "ReadTimeoutError") from None

    def _gets_stuck(self, operation: Operation, moment: Moment) -> bool:
        stuck = self.sticking[operation, moment] > 0
        if stuck:
            self.sticking[operation, moment] -= 1
        return stuck

    def _forget_adrift(self) -> None:
        """What can arrive no more."""
        self.store.adrift[:] = [call for call in self.store.adrift if self._may_arrive(call)]

    def _may_arrive(self, call: Call) -> bool:
        if call.ended is None or self.now() > call.ended + ADRIFT:
            return False
        if call.operation != COMPLETE:
            return True
        story = self.truth.story_of(call)
        stamped = story.stamps[story.completes.index(call)] if story and call in story.completes else None
        return stamped is not None and self.now() < stamped + DEADLINE


def _first_of(who: frozenset[Replica] | None) -> Callable[[list[Gate]], Gate | None]:
    def first(waiting: list[Gate]) -> Gate | None:
        return next((gate for gate in waiting if not gate.stuck and (who is None or gate.who in who)), None)

    return first
