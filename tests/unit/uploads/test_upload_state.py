"""The transition table, whole: what is in it, and that nothing else is possible."""

import pytest

from coordinator.uploads.state import TERMINAL, TRANSITIONS, Event, Reason, State, transition

ABORTS = {Reason.CLIENT, Reason.ADMIN, Reason.STALE}

ARROWS: dict[tuple[State, Event], tuple[State, set[Reason]]] = {
    (State.CREATING, Event.OPENED): (State.OPEN, set()),
    (State.CREATING, Event.FAILED): (State.FAILED, {Reason.CREATE_LOST, Reason.CONFIG}),
    (State.CREATING, Event.TAKEN_OVER): (State.CREATING, set()),
    (State.CREATING, Event.ABORTING): (State.ABORTING, ABORTS),
    (State.OPEN, Event.COMPLETING): (State.COMPLETING, set()),
    (State.OPEN, Event.ABORTING): (State.ABORTING, ABORTS),
    (State.OPEN, Event.COMPLETED): (State.COMPLETED, set()),
    (State.OPEN, Event.FAILED): (State.FAILED, {Reason.LOST, Reason.CONFLICT, Reason.SIZE}),
    (State.COMPLETING, Event.COMPLETED): (State.COMPLETED, set()),
    (State.COMPLETING, Event.REOPENED): (State.OPEN, set()),
    (State.COMPLETING, Event.FAILED): (
        State.FAILED,
        {Reason.LOST, Reason.CONFLICT, Reason.SIZE, Reason.UNRESOLVED},
    ),
    (State.COMPLETING, Event.TAKEN_OVER): (State.COMPLETING, set()),
    (State.ABORTING, Event.ABORTED): (State.ABORTED, set()),
    (State.ABORTING, Event.COMPLETED): (State.COMPLETED, set()),
    (State.ABORTING, Event.FAILED): (State.FAILED, {Reason.UNRESOLVED}),
    (State.ABORTING, Event.TAKEN_OVER): (State.ABORTING, set()),
}
"""The specification's section 4, written out a second time."""


@pytest.mark.parametrize("event", Event)
@pytest.mark.parametrize("source", State)
def test_every_state_and_event_is_an_arrow_of_the_specification_or_refused(
    source: State, event: Event
) -> None:
    expected = ARROWS.get((source, event))
    if expected is None:
        with pytest.raises(ValueError, match=r"no move leaves"):
            transition(source, event)
    else:
        arrow = transition(source, event)
        assert (arrow.source, arrow.event, arrow.target, set(arrow.reasons)) == (source, event, *expected)
        assert arrow.actors


def test_the_table_holds_each_arrow_once_and_two_births() -> None:
    moves = [(arrow.source, arrow.event) for arrow in TRANSITIONS if arrow.source is not None]
    assert len(moves) == len(set(moves)) == len(ARROWS)
    births = [(arrow.event, arrow.target) for arrow in TRANSITIONS if arrow.source is None]
    assert births == [(Event.CREATED, State.CREATING), (Event.CREATED, State.OPEN)]


def test_nothing_leaves_a_terminal_state() -> None:
    assert frozenset({State.COMPLETED, State.ABORTED, State.FAILED}) == TERMINAL
    assert not [arrow for arrow in TRANSITIONS if arrow.source in TERMINAL]


@pytest.mark.parametrize("state", [state for state in State if state not in TERMINAL])
def test_every_other_state_is_born_into_and_has_a_way_to_an_end(state: State) -> None:
    assert state in _reachable(State.CREATING)
    assert _reachable(state) & TERMINAL


def test_only_a_completion_that_is_under_way_or_was_attempted_leads_to_completed() -> None:
    sources = {arrow.source for arrow in TRANSITIONS if arrow.target is State.COMPLETED}
    assert sources == {State.OPEN, State.COMPLETING, State.ABORTING}
    assert State.COMPLETED not in {
        transition(State.CREATING, event).target for event in _events(State.CREATING)
    }


def test_nobody_aborts_while_completion_is_unknown() -> None:
    assert Event.ABORTING not in _events(State.COMPLETING)
    assert Event.REOPENED not in _events(State.ABORTING)


def test_a_reason_is_given_exactly_where_an_end_without_an_object_is_decided() -> None:
    deciding = {arrow for arrow in TRANSITIONS if arrow.event in {Event.ABORTING, Event.FAILED}}
    assert {arrow for arrow in TRANSITIONS if arrow.reasons} == deciding
    assert set().union(*(arrow.reasons for arrow in deciding)) == set(Reason)


def _events(state: State) -> set[Event]:
    return {arrow.event for arrow in TRANSITIONS if arrow.source is state}


def _reachable(state: State) -> set[State]:
    reached, frontier = {state}, {state}
    while frontier:
        frontier = {arrow.target for arrow in TRANSITIONS if arrow.source in frontier} - reached
        reached |= frontier
    return reached
