"""Every metric, with its help text. Labels are bounded: templates of routes, never paths, ids or owners."""

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram

__all__ = ["Metrics"]

_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"})
_SECONDS: Final = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 15.0)


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

    def request(self, *, route: str, method: str, status: int, seconds: float) -> None:
        """Count one answered request."""
        known = method if method in _METHODS else "other"
        self._requests.labels(route, known, str(status)).inc()
        self._seconds.labels(route, known).observe(seconds)
