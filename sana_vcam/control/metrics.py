"""`/metrics` in Prometheus' text format, read from snapshots at the moment of the scrape."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

import sana_vcam
from sana_vcam.control.answers import Answer
from sana_vcam.control.figures import Figures
from sana_vcam.status import CameraState, Output, SessionState, State


def answer(state: State, figures: Figures, clients: int) -> Answer:
    """Answer a scrape. No prompt is in it: what is scraped is kept for long."""
    registry = CollectorRegistry()
    registry.register(Snapshot(state, figures, clients))
    return Answer(HTTPStatus.OK, generate_latest(registry), CONTENT_TYPE_LATEST)


@dataclass(frozen=True, slots=True)
class Snapshot(Collector):
    """The daemon at one moment."""

    state: State
    figures: Figures
    clients: int

    def collect(self) -> Iterator[Metric]:
        """Yield every metric that is known; one that is not is left out, never 0."""
        yield _labelled("info", "The version that runs.", "version", {sana_vcam.__version__: 1})
        yield from self._frames()
        yield from self._session()
        yield from self._devices()
        yield _gauge("control_clients", "Clients with an open WebSocket.", self.clients)
        restarts = self.figures.restarts
        if restarts is not None:
            yield _counter("restarts", "Starts of the service after the first.", restarts)

    def _frames(self) -> Iterator[Metric]:
        state, figures = self.state, self.figures
        counters = (
            ("frames_published", "Camera frames sent to the model.", figures.frames_published),
            ("frames_received", "Frames received from the model.", figures.frames_received),
            ("frames_written", "Frames written to the sink.", figures.frames_written),
            ("frames_dropped", "Model frames never shown.", state.dropped),
            ("frames_repeated", "Ticks that showed a live picture again.", state.repeated),
        )
        for name, what, value in counters:
            if value is not None:
                yield _counter(name, what, value)
        rates = {
            "camera": state.fps_camera,
            "model": state.fps_model,
            "output": state.fps_output,
        }
        yield _labelled("frames_per_second", "Frames per second at each stage.", "stage", rates)
        if state.delay_ms is not None:
            delay_s = state.delay_ms / 1000
            yield _gauge("delay_seconds", "Delay that smoothing adds now.", delay_s)

    def _session(self) -> Iterator[Metric]:
        state = self.state
        yield _one_of("session_state", "The billed session.", SessionState, state.session)
        yield _gauge("session_wanted", "1 while a session is asked for.", state.session_wanted)
        yield _gauge("session_paused", "1 while the model is to be paused.", state.paused)
        # A gauge, since it begins anew with each session; 0 while none is open.
        seconds = state.session_s or 0.0
        yield _gauge("session_seconds", "Age of the open session.", seconds)

    def _devices(self) -> Iterator[Metric]:
        state = self.state
        yield _one_of("camera_state", "The camera.", CameraState, state.camera)
        yield _one_of("output_state", "What viewers see.", Output, state.output)
        if state.viewers is not None:
            yield _gauge("viewers", "Applications that read the virtual camera.", state.viewers)
        if self.figures.outputs:
            is_open = {name: float(is_open) for name, is_open in self.figures.outputs}
            yield _labelled("sink_output_open", "1: fed; 0: lost.", "output", is_open)
        yield _gauge("error", "1 while something is wrong.", state.error is not None)


def _gauge(name: str, what: str, value: float) -> Metric:
    return GaugeMetricFamily(f"sana_vcam_{name}", what, value=value)


def _counter(name: str, what: str, value: int) -> Metric:
    return CounterMetricFamily(f"sana_vcam_{name}", what, value=value)


def _labelled(name: str, what: str, label: str, values: dict[str, float]) -> Metric:
    family = GaugeMetricFamily(f"sana_vcam_{name}", what, labels=[label])
    for key, value in values.items():
        family.add_metric([key], value)
    return family


def _one_of(
    name: str, what: str, states: type[SessionState | CameraState | Output], now: str
) -> Metric:
    """Write one line for each state, of which the present one is 1."""
    values = {str(state): float(state == now) for state in states}
    return _labelled(name, what, "state", values)
