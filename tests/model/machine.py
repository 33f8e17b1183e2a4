"""The model: clients, processes, time and misfortune, in any order that Hypothesis thinks of.

`pace` says how far a request gets before something else happens: to its answer, or through so many gates (each before
a statement at the database or a call at the store); the rest of it stands there until somebody lets it go on, time
passes, or its process dies.
"""

from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from coordinator.storage.fake_profiles import PROFILES
from coordinator.uploads.ledger import IdempotencyKey
from coordinator.uploads.model import Identity, Quota
from tests.model.clients import File, Known, finish
from tests.model.conversation import StartAsked
from tests.model.draws import (
    ANY,
    ASKED,
    AT,
    FILES,
    KINDS,
    LEAPS,
    MEDDLING,
    MOST_STARTS,
    MOSTLY,
    NUMBERS,
    ORDER,
    PACE,
    PART,
    PROFILE,
    QUOTA,
    TO_THE_END,
    WEATHER,
    WHICH,
    Weather,
)
from tests.model.sequence import ANSWER, Sequence

LONGEST_PUT = timedelta(hours=1)


class Model(Sequence):
    @initialize(profile=PROFILE, file=FILES, sent=MOSTLY, quota=QUOTA)
    def begin(self, *, profile: str, file: File, sent: bool, quota: Quota | None = None) -> None:
        self._set_up(PROFILES[profile], quota)
        self.start(
            at=0,
            file=file,
            owner="ada",
            keyed=True,
            fingerprint=False,
            sign=0,
            sent=sent,
            pace=TO_THE_END,
        )

    @precondition(lambda self: len(self.starts) < MOST_STARTS)
    @rule(
        at=AT,
        file=FILES,
        owner=st.sampled_from(["ada", "bob"]),
        keyed=st.booleans(),
        fingerprint=st.booleans(),
        sign=st.sampled_from([0, 2]),
        sent=MOSTLY,
        pace=PACE,
    )
    def start(
        self,
        *,
        at: int,
        file: File,
        owner: str,
        keyed: bool,
        fingerprint: bool,
        sign: int,
        sent: bool,
        pace: int,
    ) -> None:
        key = f"key-{len(self.starts)}"
        idempotency = IdempotencyKey(self.tenant, owner, key, key.encode()) if keyed else None
        mark = repr(file) if fingerprint else None
        self.starts.append(StartAsked(Identity(self.tenant, owner), file, mark, idempotency, sign))
        self._start(at, self.starts[-1], pace)
        if sent and pace == TO_THE_END and self.talk.known:
            self._send_all(at, self.talk.known[-1], record=fingerprint)

    @rule(at=AT, which=WHICH, record=st.booleans())
    def send_all(self, *, at: int, which: int, record: bool) -> None:
        known = self._one(which)
        if known is not None:
            self._send_all(at, known, record=record)

    def _send_all(self, at: int, known: Known, *, record: bool) -> None:
        self._ask("sign", at, known, TO_THE_END)
        for number in range(1, known.file.part_count + 1):
            known.put(self.world.store, number, self.world.now())
        if record:
            self._ask("record", at, known, TO_THE_END)

    @rule(which=WHICH, number=PART, other=st.booleans(), slowly=st.booleans())
    def put(self, *, which: int, number: int, other: bool, slowly: bool) -> None:
        known = self._one(which)
        slow = known and known.begin(number, self.world.now(), other=other)
        if slow:
            self.slow.append(slow)
            if not slowly:
                finish(self.slow.pop(), self.world.store)

    @precondition(lambda self: self.slow)
    @rule(which=WHICH)
    def a_slow_put_ends(self, *, which: int) -> None:
        finish(self.slow.pop(which % len(self.slow)), self.world.store)

    @rule(at=AT, which=WHICH, numbers=NUMBERS, kind=KINDS, pace=PACE)
    def sign_or_record_some(
        self, *, at: int, which: int, numbers: tuple[int, ...], kind: str, pace: int
    ) -> None:
        """`kind` of the ETag that is claimed; an empty one signs."""
        known = self._one(which)
        if known is None:
            return
        service = self.world.replicas[at].service
        if kind:
            claims = [known.claim(number, kind) for number in numbers]
            self._go("record", at, known, service.record(known.id, known.identity, claims), pace)
        else:
            wanted = [known.file.wanted(number) for number in numbers]
            self._go("sign", at, known, service.sign(known.id, known.identity, wanted), pace)

    @rule(at=AT, which=WHICH, weather=WEATHER, pace=PACE)
    def complete(self, *, at: int, which: int, weather: Weather, pace: int) -> None:
        """By a client that has sent everything before."""
        known = self._one(which)
        if known is not None and len(known.etags) < known.file.part_count:
            self._send_all(at, known, record=False)
        self._suffer(weather)
        self._ask("complete", at, known, pace)

    @rule(what=ASKED, at=AT, which=WHICH, weather=WEATHER, pace=PACE)
    def ask(self, *, what: str, at: int, which: int, weather: Weather, pace: int) -> None:
        self._suffer(weather)
        self._ask(what, at, self._one(which), pace)

    @rule(
        what=ASKED,
        at=AT,
        other=AT,
        which=WHICH,
        after=st.integers(0, 12),
        seconds=st.sampled_from([1, 31, 31, 301]),
        weather=WEATHER,
    )
    def be_overtaken(
        self, *, what: str, at: int, other: int, which: int, after: int, seconds: int, weather: Weather
    ) -> None:
        """A process stops in the middle of something; when it goes on, another has swept."""
        self._suffer(weather)
        self._ask(what, at, self._one(which), after)
        self.world.stand_still(timedelta(seconds=seconds))
        self._ask("sweep", other, None, TO_THE_END)
        self.world.drain(self.world.replicas[at])

    @rule(first=ASKED, second=ASKED, at=AT, other=AT, which=WHICH, order=ORDER)
    def race(self, *, first: str, second: str, at: int, other: int, which: int, order: list[int]) -> None:
        known = self._one(which)
        self._ask(first, at, known, 0)
        self._ask(second, other, known, 0)
        turns = iter(order)
        self.world.open(
            lambda waiting: (
                waiting[turn % len(waiting)] if waiting and (turn := next(turns, -1)) >= 0 else None
            )
        )
        self.world.drain()
        self.world.pass_time(ANSWER)

    @rule(what=ASKED, at=AT, which=WHICH, after=st.integers(0, 14), lands=st.booleans(), weather=WEATHER)
    def die_while(self, *, what: str, at: int, which: int, after: int, lands: bool, weather: Weather) -> None:
        """`lands`: what the process had just sent arrives all the same."""
        self._suffer(weather)
        self._ask(what, at, self._one(which), after)
        self._die(at, lands=lands)

    @rule(at=AT, file=FILES, after=st.integers(0, 9), dies=st.booleans(), lands=st.booleans(), again=AT)
    def start_and_repeat(
        self, *, at: int, file: File, after: int, dies: bool, lands: bool, again: int
    ) -> None:
        """A start whose client hears nothing in time, and asks again elsewhere with the same key."""
        if len(self.starts) < MOST_STARTS:
            key = f"key-{len(self.starts)}"
            idempotency = IdempotencyKey(self.tenant, "ada", key, key.encode())
            self.starts.append(StartAsked(Identity(self.tenant, "ada"), file, None, idempotency, 0))
        self._start(at, self.starts[-1], after)
        if dies:
            self._die(at, lands=lands)
        self._start(again, self.starts[-1], TO_THE_END)

    @precondition(lambda self: self.world.store.adrift)
    @rule(which=WHICH)
    def what_was_adrift_lands(self, *, which: int) -> None:
        adrift = self.world.store.adrift
        self.world.store.land(adrift[which % len(adrift)])

    @precondition(lambda self: self.world.gates.waiting)
    @rule(which=st.integers(0, 5), times=st.sampled_from([1, 2, 4, 8]))
    def go_on(self, *, which: int, times: int) -> None:
        """Somebody who stands at a gate, or is stuck, goes on."""
        self.world.open(lambda waiting: waiting[which % len(waiting)] if waiting else None, times)

    @rule(seconds=LEAPS, at=AT, sweeps=st.booleans())
    def time_passes(self, *, seconds: int, at: int, sweeps: bool) -> None:
        self.world.pass_time(timedelta(seconds=seconds))
        self.slow = [slow for slow in self.slow if self.world.now() - slow.began < LONGEST_PUT]
        if sweeps:
            self._ask("sweep", at, None, TO_THE_END)

    @precondition(lambda self: self.rows)
    @rule(at=AT, which=st.integers(0, 5), pace=PACE)
    def abort_what_is_listed(self, *, at: int, which: int, pace: int) -> None:
        """Also an upload whose start nobody has heard of yet."""
        row = list(self.rows.values())[which % len(self.rows)]
        service = self.world.replicas[at].service
        work = service.abort(row["id"], Identity(row["tenant"], row["owner"]))
        known = next((one for one in self.talk.known if one.id == row["id"]), None)
        self._go("abort", at, known, work, pace)

    @rule(which=WHICH, how=MEDDLING)
    def somebody_meddles(self, *, which: int, how: str) -> None:
        """A lifecycle rule forgets the upload, an operator completes it; a stranger deletes or writes the object."""
        known = self._one(which)
        if known is None:
            return
        store = self.world.store
        if how in {"forget", "complete"}:
            for made in store.standing(known.key):
                if how == "forget":
                    store.expire_upload(made)
                elif store.complete_as_it_stands(known.key, made):
                    self.world.truth.behind_us.add(known.key)
            return
        self.world.truth.meddled.add(known.key)
        mark = self.world.truth.stories[known.id].upload.mark
        match how:
            case "delete":
                store.lose_object(known.key)
            case "overwrite":
                store.put_object(known.key, b"y" * known.file.size)
            case "forge":
                store.put_object(known.key, b"x" * known.file.size, mark=mark)
            case _:
                store.put_object(known.key, b"x" * (known.file.size + 1), mark=mark)

    @rule(what=st.sampled_from(["complete", "abort", "sign", "record", "refresh"]), at=AT, which=WHICH)
    def a_stranger_asks(self, *, what: str, at: int, which: int) -> None:
        known = self._one(which)
        if known is None:
            return
        alone = not self.talk.asked and self.floor.loop.next_timer() is None
        calls = len(self.world.store.log)
        stranger = Known(known.id, Identity(self.tenant, "eve"), known.key, known.file)
        self._go("foreign", at, known, self._work(what, at, stranger), TO_THE_END)
        if alone and len(self.world.store.log) > calls:
            self.world.truth.breach("10: a stranger reached the store")

    def _one(self, which: int) -> Known | None:
        """Of those that have not ended, and a new one when all have; the highest number means any of all."""
        self.talk.listen()
        stories = self.world.truth.stories
        alive = [known for known in self.talk.known if not stories[known.id].upload.terminal]
        if not alive and which != ANY and len(self.starts) < MOST_STARTS:
            self._start_another()
            alive = self.talk.known[-1:]
        choice = self.talk.known if which == ANY or not alive else alive
        return choice[which % len(choice)] if choice else None

    def _start_another(self) -> None:
        self.start(
            at=0,
            file=File(8),
            owner="ada",
            keyed=False,
            fingerprint=False,
            sign=0,
            sent=True,
            pace=TO_THE_END,
        )
