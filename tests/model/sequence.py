"""One sequence: its world, its clients, what its rules share, and what is checked after each step and at its end."""

import sys
from datetime import timedelta
from typing import Any, ClassVar

from hypothesis.stateful import RuleBasedStateMachine, invariant

from coordinator.storage.fake_profiles import Profile
from coordinator.uploads.driving import Timing
from coordinator.uploads.model import Quota
from tests.model.clients import Known, SlowPut, finish
from tests.model.convergence import converge
from tests.model.conversation import IN_PARTS, RULES, Asked, Conversation, StartAsked
from tests.model.draws import TO_THE_END, Weather
from tests.model.floor import Floor
from tests.model.invariants import QUOTAS, ROWS, Row, broken, over_quota
from tests.model.journal import Journal
from tests.model.world import World

ANSWER = timedelta(seconds=12)
"""A little longer than the service lets anybody wait."""

OFTEN = 12
"""How many calls fail when the store is down, or wrong, for a while."""


class Sequence(RuleBasedStateMachine):
    """Bound to a floor and a journal by whoever runs it."""

    floor: ClassVar[Floor]
    journal: ClassVar[Journal]
    timing: ClassVar[Timing] = Timing()

    def _set_up(self, profile: Profile, quota: Quota | None) -> None:
        self.floor.begin()
        self.tenant = f"t{self.floor.sequences}"
        self.world = World(self.floor, profile, quota, self.journal.moves, self.timing)
        self.talk = Conversation(self.world)
        self.starts: list[StartAsked] = []
        self.slow: list[SlowPut] = []
        self.rows: dict[Any, Row] = {}
        self.quotas: list[Row] = []
        self.read_at = -1
        self.journal.begin(self.world.truth)

    @invariant()
    def nothing_is_broken(self) -> None:
        if hasattr(self, "world"):
            self.check()

    def check(self) -> None:
        self.talk.listen()
        truth = self.world.truth
        rows = self._read()
        quota = self.world.quota
        breaches = [
            *(over_quota(self.quotas, rows, quota) if quota else ()),
            *truth.breaches,
            *self.journal.breaches,
            *broken(rows, self.rows, self.talk.known, self.world),
        ]
        self.journal.found += breaches
        assert not breaches, "\n".join(breaches)
        self.rows = {row["id"]: row for row in rows}

    def _read(self) -> list[Row]:
        if self.read_at == self.floor.statements:
            return list(self.rows.values())
        self.read_at = self.floor.statements
        if self.world.quota is not None:
            self.quotas = self.floor.run(self.floor.query(QUOTAS, self.tenant))
        return self.floor.run(self.floor.query(ROWS, self.tenant))

    def teardown(self) -> None:
        if not hasattr(self, "world"):
            return
        try:
            if sys.exc_info()[0] is None:
                for slow in self.slow:
                    finish(slow, self.world.store)
                converge(self.world, self._unsettled, self._sweep)
                self.check()
                self.journal.ended += 1
        finally:
            self.world.close()

    def _suffer(self, weather: Weather) -> None:
        store, world = self.world.store, self.world
        for what, how in weather or ():
            if what in {"before", "after"}:
                world.troubles.extend([*[None] * how, what])
            elif what == "often":
                store.script(how[0], *[how[1]] * OFTEN)
            elif how in {"sent", "done"}:
                world.sticking[what, how] += 1
            else:
                store.script(what, how)

    def _die(self, at: int, *, lands: bool) -> None:
        already = len(self.world.store.adrift)
        self.world.kill(at)
        while lands and len(self.world.store.adrift) > already:
            self.world.store.land(self.world.store.adrift[already])

    def _unsettled(self) -> list[Row]:
        self.check()
        return [row for row in self.rows.values() if row["wake_at"] is not None]

    def _sweep(self, at: int) -> None:
        self._ask("sweep", at, None, TO_THE_END)

    def _start(self, at: int, start: StartAsked, pace: int) -> None:
        service = self.world.replicas[at].service
        request = start.file.request(start.fingerprint, start.sign)
        owner = start.identity.owner or ""
        rules = IN_PARTS if start.file.parts else RULES
        self._go("start", at, start, service.start(self.tenant, owner, request, rules, start.key), pace)

    def _ask(self, what: str, at: int, known: Known | None, pace: int) -> None:
        if what == "sweep":
            self._go("sweep", at, None, self.world.replicas[at].sweeper.sweep(), pace)
        elif known is not None:
            self._go(what, at, known, self._work(what, at, known), pace)

    def _work(self, what: str, at: int, known: Known) -> Any:
        service, file = self.world.replicas[at].service, known.file
        numbers = range(1, file.part_count + 1)
        match what:
            case "complete":
                return service.complete(known.id, known.identity, size=file.size if file.stream else None)
            case "abort":
                return service.abort(known.id, known.identity)
            case "sign":
                return service.sign(known.id, known.identity, [file.wanted(number) for number in numbers])
            case "record":
                claims = [known.claim(number, "right") for number in numbers]
                return service.record(known.id, known.identity, claims)
            case _:
                return service.parts(known.id, known.identity, refresh=True)

    def _go(self, kind: str, at: int, what: StartAsked | Known | None, work: Any, pace: int) -> None:
        who = self.world.replicas[at]
        asked: Asked = self.talk.ask(kind, who, what, work)
        if pace == TO_THE_END:
            self.world.pass_time(ANSWER, who, asked.answer.done)
        else:
            self.world.open(
                lambda waiting: next((gate for gate in waiting if gate.who is who and not gate.stuck), None),
                pace,
            )
        self.talk.listen()
