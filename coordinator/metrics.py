"""Every metric, with its help text. Labels are bounded: templates of routes, never paths, ids or owners."""

from collections.abc import Callable
from datetime import timedelta
from typing import Final, Literal

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

__all__ = ["Metrics", "RelayOutcome"]

_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"})
_SECONDS: Final = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 15.0)


RelayOutcome = Literal["stored", "refused", "too_slow", "client_gone", "unavailable", "failed"]


class Metrics:
    """The metrics of one process, in the registry it is given."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.registry = registry
        self._requests = Counter(
            "coordinator_http_requests_total",
            "Requests answered, by route template, method and status.",
            ["route", "method", "status"],
            registry=registry,
        )
        self._seconds = Histogram(
            "coordinator_http_request_seconds",
            "Seconds from a request's arrival to the end of its answer.",
            ["route", "method"],
            buckets=_SECONDS,
            registry=registry,
        )
        self._among_many = Counter(
            "coordinator_http_results_total",
            "Uploads that were started or completed with others in one request, by its route and each one's own status.",
            ["route", "status"],
            registry=registry,
        )
        self._clock_skew = Gauge(
            "coordinator_store_clock_skew_seconds",
            "Seconds by which this machine's clock is ahead of the store's, at the store's last answer.",
            registry=registry,
        )
        self._relayed_parts = Counter(
            "coordinator_relay_parts_total",
            "Parts that came through the relay, by how they ended.",
            ["outcome"],
            registry=registry,
        )
        self._relayed_bytes = Counter(
            "coordinator_relay_received_bytes_total",
            "Bytes of parts that the relay has received, those of parts that were given up included.",
            registry=registry,
        )

    def follow_clock(self, ahead: Callable[[], timedelta]) -> None:
        """`ahead`: by how much this machine's clock is ahead of the store's, asked when the metrics are."""
        self._clock_skew.set_function(lambda: ahead().total_seconds())

    def relayed_part(self, outcome: RelayOutcome) -> None:
        """Count one part that went through the relay, or did not get through."""
        self._relayed_parts.labels(outcome).inc()

    def relayed_bytes(self, received: int) -> None:
        self._relayed_bytes.inc(received)

    def request(self, *, route: str, method: str, status: int, seconds: float) -> None:
        """Count one answered request."""
        known = method if method in _METHODS else "other"
        self._requests.labels(route, known, str(status)).inc()
        self._seconds.labels(route, known).observe(seconds)

    def result(self, *, route: str, status: int) -> None:
        """Count one of the results in one answer; the request counts as one besides."""
        self._among_many.labels(route, str(status)).inc()
