"""Figures for /metrics, by prometheus_client; one registry per process."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest

registry = CollectorRegistry()
requests = Counter(
    "unkai_http_requests_total",
    "Requests answered",
    ("api", "method", "route", "status"),
    registry=registry,
)
seconds = Histogram(
    "unkai_http_request_seconds",
    "Time from a request's first byte to its answer's last",
    ("api", "method"),
    buckets=(0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30),
    registry=registry,
)


def observe_request(api: str, method: str, route: str, status: int, took_s: float) -> None:
    requests.labels(api, method, route, str(status)).inc()
    seconds.labels(api, method).observe(took_s)


def render() -> bytes:
    """The text that a Prometheus server reads."""
    return generate_latest(registry)
