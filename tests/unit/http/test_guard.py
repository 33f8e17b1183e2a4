from typing import Any, cast

import pytest
from starlette.responses import Response
from starlette.routing import Host, Mount, Route

from coordinator.access.principals import Scope
from coordinator.http.guard import PUBLIC, Entrance, Guarded, UndeclaredRoute, check_declared

NOTHING = Response()


def test_declared_routes_may_start() -> None:
    guarded = Guarded({"GET": Entrance(PUBLIC, NOTHING), "POST": Entrance(Scope.ADMIN, NOTHING)})
    check_declared([Route("/a", guarded), Mount("/b", guarded)])


@pytest.mark.parametrize(
    "route",
    [
        Route("/a", lambda _: NOTHING),
        Route("/a", NOTHING),
        Mount("/a", NOTHING),
        Mount("/a", routes=[Route("/b", Guarded({}))]),
        Host("a", NOTHING),
        Route("/a", Guarded({"GET": Entrance(cast("Any", None), NOTHING)})),
        Route("/a", Guarded({"GET": Entrance(cast("Any", "admin"), NOTHING)})),
    ],
    ids=range(7),
)
def test_a_route_that_declares_nothing_stops_the_start(route: Route | Mount | Host) -> None:
    with pytest.raises(UndeclaredRoute):
        check_declared([route])
