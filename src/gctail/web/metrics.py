"""`/metrics`: what is known of the services and of gctail itself, for Prometheus.

Collected from the snapshot when somebody scrapes, so nothing is counted twice and a service that is gone is gone. Names
follow prometheus.io/docs/practices/naming: base units, `_total` for what only rises. Only so many services have series
of their own, the most urgent first; how many were left out is a metric too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from gctail.snapshot import Row, Snapshot, in_order, time_left_s

if TYPE_CHECKING:
    from prometheus_client.metrics_core import Metric

MOST_SERVICES = 1000
MIB = 1 << 20

GAUGES: dict[str, tuple[str, Callable[[Row], float | None]]] = {
    "gctail_heap_live_bytes": (
        "Live heap after the last collection.",
        lambda row: row.live_mib * MIB if row.live_mib is not None else None,
    ),
    "gctail_heap_goal_bytes": (
        "Heap size at which the collection after the last one was due.",
        lambda row: row.goal_mib * MIB if row.goal_mib is not None else None,
    ),
    "gctail_memory_limit_bytes": (
        "Memory limit of the service, told or inferred from GOMEMLIMIT.",
        lambda row: row.limit_mib * MIB if row.limit_mib is not None else None,
    ),
    "gctail_leak_probability": ("Probability that the service leaks.", lambda row: row.probability),
    "gctail_heap_growth_bytes_per_second": (
        "How fast the live heap grows, where it is found to grow.",
        lambda row: row.rate_mib_per_s * MIB if row.rate_mib_per_s is not None else None,
    ),
    "gctail_gc_cpu_ratio": (
        "Share of the processors' time that went into collecting, lately.",
        lambda row: row.gc_cpu_share,
    ),
    "gctail_last_collection_timestamp_seconds": ("When the last collection was.", lambda row: row.last_time_s),
}


class SnapshotCollector:
    """What prometheus_client asks when somebody scrapes; `snapshot` gives the newest one."""

    def __init__(self, snapshot: Callable[[], Snapshot]) -> None:
        self._snapshot = snapshot

    def collect(self) -> Iterator[Metric]:
        """All metrics, from one snapshot."""
        from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily

        from gctail import __version__

        snapshot = self._snapshot()
        rows = in_order(snapshot.rows.values(), "worst")
        yield GaugeMetricFamily("gctail_services", "Services that were heard of.", len(rows))
        left_out = max(0, len(rows) - MOST_SERVICES)
        yield GaugeMetricFamily("gctail_services_omitted", "Services without series of their own here.", left_out)
        yield from _of_services(snapshot, rows[:MOST_SERVICES])
        found = CounterMetricFamily("gctail_findings", "Findings so far.", labels=("kind", "severity"))
        for (kind, severity), count in sorted(snapshot.told.items()):
            found.add_metric((kind, severity), count)
        yield found
        yield from _of_input(snapshot)
        yield from _of_kafka(snapshot)
        yield from _of_alerts(snapshot)
        yield InfoMetricFamily("gctail_build", "The program.", {"version": __version__})


def _of_services(snapshot: Snapshot, rows: list[Row]) -> Iterator[Metric]:
    from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, SummaryMetricFamily

    labels = ("service",)
    for name, (text, value_of) in GAUGES.items():
        gauge = GaugeMetricFamily(name, text, labels=labels)
        for row in rows:
            value = value_of(row)
            if value is not None:
                gauge.add_metric((row.service,), value)
        yield gauge
    ends = GaugeMetricFamily("gctail_time_to_limit_seconds", "Forecast time until the memory is gone.", labels=labels)
    pauses = SummaryMetricFamily("gctail_gc_pauses_seconds", "Stop-the-world pauses of its process.", labels=labels)
    collections = CounterMetricFamily("gctail_collections", "Collections seen.", labels=labels)
    processes = CounterMetricFamily("gctail_processes", "Processes seen: starts and restarts.", labels=labels)
    state = GaugeMetricFamily("gctail_service_state", "1 for each state that it is in.", labels=("service", "state"))
    for row in rows:
        left_s = time_left_s(row, snapshot.at_s)
        if left_s is not None:
            ends.add_metric((row.service,), max(0.0, left_s))
        pauses.add_metric((row.service,), row.pauses[0], row.pauses[1] / 1000)
        collections.add_metric((row.service,), row.collections)
        processes.add_metric((row.service,), row.epochs)
        for each in row.states:
            state.add_metric((row.service, each), 1)
    yield from (ends, pauses, collections, processes, state)


INPUT = {
    "bytes": ("gctail_input_bytes", "Bytes of log read."),
    "lines": ("gctail_input_lines", "Lines of log read."),
    "messages": ("gctail_input_messages", "Messages read from Kafka."),
    "records": ("gctail_records", "Records of the runtime and of deaths, as they were understood."),
    "gc_lines": ("gctail_input_collections", "Collections read, of all services."),
    "mended": ("gctail_records_mended", "Torn records that were put together again."),
    "unreadable": ("gctail_records_unreadable", "Records that could not be understood."),
    "services_ended": ("gctail_services_ended", "Services that were forgotten because their logs were deleted."),
    "services_closed": ("gctail_services_closed", "Services that were put down to make room for others."),
    "alerts_dropped": ("gctail_alerts_dropped", "Findings that no sink will hear of: the spool was full or too slow."),
}
LAG = {
    "lag_bytes": ("gctail_input_lag_bytes", "Bytes that stand in followed files and were not read yet."),
    "lag_s": ("gctail_input_lag_seconds", "Since when not all was read that stood there: no byte waits for longer."),
}
ALERTS = {
    "waiting": ("gctail_alerts_waiting", "Findings that wait to be sent."),
    "delivered": ("gctail_alerts_delivered", "Findings that the other end has taken."),
    "refused": ("gctail_alerts_refused", "Findings that the other end has refused for good."),
    "failures": ("gctail_alert_failures", "Attempts to send that failed; they are repeated."),
}


def _of_input(snapshot: Snapshot) -> Iterator[Metric]:
    from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily

    for families, known in ((CounterMetricFamily, INPUT), (GaugeMetricFamily, LAG)):
        for name, (metric, text) in known.items():
            value = snapshot.facts.get(name)
            if isinstance(value, int | float):
                yield families(metric, text, value)
    files = snapshot.facts.get("files")
    if isinstance(files, list):
        yield GaugeMetricFamily("gctail_input_files", "Files and streams that were read from.", len(files))
    yield GaugeMetricFamily(
        "gctail_snapshot_timestamp_seconds", "When all this was true: it stands still if the reading hangs.",
        snapshot.at_s,
    )  # fmt: skip


def _of_kafka(snapshot: Snapshot) -> Iterator[Metric]:
    from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily

    kafka: dict[str, Any] | None = snapshot.facts.get("kafka")
    if kafka is None:
        return
    told = "Messages that stand in Kafka and were not read yet."
    left = GaugeMetricFamily("gctail_input_lag_messages", told, labels=("topic", "partition"))
    for place, lag in kafka["lag"].items():
        topic, _, partition = place.rpartition("/")
        left.add_metric((topic, partition), lag["messages"])
    yield left
    yield CounterMetricFamily("gctail_kafka_rebalances", "Times that partitions came or went.", kafka["rebalances"])
    yield GaugeMetricFamily("gctail_kafka_paused", "1 while a slow sink holds up the reading.", int(kafka["paused"]))
    poisoned = CounterMetricFamily("gctail_kafka_poisoned", "Messages that were of no use.", labels=("reason",))
    for reason, count in sorted(kafka["poisoned"].items()):
        poisoned.add_metric((reason,), count)
    yield poisoned


def _of_alerts(snapshot: Snapshot) -> Iterator[Metric]:
    from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily

    sinks: dict[str, dict[str, int]] = snapshot.facts.get("alerts") or {}
    for name, (metric, text) in ALERTS.items() if sinks else ():
        family = (GaugeMetricFamily if name == "waiting" else CounterMetricFamily)(metric, text, labels=("sink",))
        for sink, told in sinks.items():
            family.add_metric((sink,), told[name])
        yield family


def exposition(snapshot: Callable[[], Snapshot], accept: str) -> tuple[bytes, str]:
    """The metrics in the form that the scraper accepts (Prometheus text or OpenMetrics), and its content type."""
    from prometheus_client import CollectorRegistry, ProcessCollector
    from prometheus_client.exposition import choose_encoder

    registry = CollectorRegistry(auto_describe=False)
    registry.register(SnapshotCollector(snapshot))
    ProcessCollector(registry=registry)
    encode, content_type = choose_encoder(accept)
    return encode(registry), content_type
