"""`/metrics` in Prometheus' text format, read from snapshots at the moment of the scrape."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from itertools import accumulate

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

import sana_vcam
from sana_vcam.control.protocol.state import State
from sana_vcam.control.server.counters import Counters
from sana_vcam.control.server.responses import Response
from sana_vcam.engine.quality.judge import QualityWord
from sana_vcam.engine.states import SessionState
from sana_vcam.lib.meter import Histogram
from sana_vcam.media.states import CameraState, ProgramSource
from sana_vcam.voice.line import LineState


def answer(state: State, counters: Counters, clients: int) -> Response:
    """Answer a scrape. No prompt is in it: what is scraped is kept for long."""
    registry = CollectorRegistry()
    registry.register(StateCollector(state, counters, clients))
    return Response(HTTPStatus.OK, generate_latest(registry), CONTENT_TYPE_LATEST)


@dataclass(frozen=True, slots=True, eq=False)
class StateCollector(Collector):
    """The daemon at one moment, as metrics."""

    state: State
    counters: Counters
    clients: int

    def collect(self) -> Iterator[Metric]:
        """Yield every metric that is known; one that is not is left out, never 0."""
        yield _labelled("info", "The version that runs.", "version", {sana_vcam.__version__: 1})
        yield from self._frames()
        yield from self._session()
        yield from self._devices()
        yield from self._voice()
        yield from self._keeping()
        yield _gauge("control_clients", "Clients with an open WebSocket.", self.clients)
        restarts = self.counters.restarts
        if restarts is not None:
            yield _counter("restarts", "Starts after an end that nobody asked for.", restarts)

    def _frames(self) -> Iterator[Metric]:
        state, counters = self.state, self.counters
        rows = (
            ("frames_published", "Camera frames sent to the model.", counters.frames_published),
            ("frames_received", "Frames received from the model.", counters.frames_received),
            ("frames_written", "Frames written to the sink.", counters.frames_written),
            ("ticks_skipped", "Output ticks that came too late.", counters.ticks_skipped),
            ("frames_dropped", "Model frames never shown.", state.dropped),
            ("frames_repeated", "Ticks that showed a live picture again.", state.repeated),
        )
        for name, what, value in rows:
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
        if counters.delays is not None:
            yield _histogram(
                "shown_delay_seconds",
                "From the model's frame to the sink, of each one that was shown.",
                counters.delays,
            )

    def _session(self) -> Iterator[Metric]:
        state = self.state
        yield _one_of("session_state", "The billed session.", SessionState, state.session)
        yield _gauge("session_wanted", "1 while a session is asked for.", state.session_wanted)
        yield _gauge("session_paused", "1 while the model is to be paused.", state.paused)
        # A gauge, since it begins anew with each session; 0 while none is open.
        seconds = state.session_s or 0.0
        yield _gauge("session_seconds", "Age of the open session.", seconds)
        yield _gauge("session_renewing", "1 while another one is to take over.", state.renewing)
        yield from self._billed()
        yield from self._connection()

    def _billed(self) -> Iterator[Metric]:
        state, total = self.state, self.counters.billed_s
        if total is not None:
            yield _counter("billed_seconds", "Billed seconds that were ever noted.", total)
        seconds = {"day": state.billed_day_s, "month": state.billed_month_s}
        yield _labelled("billed_period_seconds", "Billed seconds so far.", "period", seconds)
        cost = {"day": state.cost_day, "month": state.cost_month}
        money = {period: amount for period, amount in cost.items() if amount is not None}
        if money:
            yield _labelled("cost", "Money for the billed seconds so far.", "period", money)

    def _connection(self) -> Iterator[Metric]:
        state = self.state
        yield _gauge("send_reduced", "1 while less is sent for a poor way up.", state.send_reduced)
        if state.quality is not None:
            yield _one_of("quality", "The connection.", QualityWord, state.quality)
        gauges = (
            ("rtt_seconds", "Round trip to the model.", state.rtt_ms, 1e-3),
            ("loss_ratio", "Lost packets of the worse way.", state.loss_percent, 1e-2),
            ("uplink_bits_per_second", "Bits sent to the model.", state.bitrate_kbps, 1e3),
            ("relayed", "1 if the connection goes through a relay.", state.relay, 1),
            ("glass_delay_seconds", "Camera read to virtual camera.", state.glass_ms, 1e-3),
            ("glass_delay_confidence", "From 0 to 1.", state.glass_confidence, 1),
            ("glass_delay_low_seconds", "Lower end of its range.", state.glass_low_ms, 1e-3),
            ("glass_delay_high_seconds", "Upper end of its range.", state.glass_high_ms, 1e-3),
        )
        for name, what, value, unit in gauges:
            if value is not None:
                yield _gauge(name, what, value * unit)

    def _voice(self) -> Iterator[Metric]:
        voice = self.state.voice
        yield _gauge(
            "voice_on", "1 while the microphone is carried.", voice is not None and voice.on
        )
        if voice is None or not voice.on:
            return
        yield _one_of("voice_state", "The microphone.", LineState, voice.state)
        yield _gauge("voice_delay_seconds", "How late it is heard.", voice.delay_ms / 1000)
        if voice.target_ms is not None:
            target_s = voice.target_ms / 1000
            yield _gauge("voice_target_seconds", "How late it is meant to be heard.", target_s)
        if voice.level_dbfs is not None:
            yield _gauge(
                "voice_level_dbfs",
                "How loud one speaks, while a client follows the state.",
                voice.level_dbfs,
            )
        yield _gauge("voice_listeners", "1 while an application listens.", voice.listeners)

    def _keeping(self) -> Iterator[Metric]:
        recording = self.state.recording
        yield _gauge("recording", "1 while what viewers see is recorded.", recording is not None)
        if recording is not None:
            yield _gauge("recording_seconds", "How long the recording is.", recording.seconds)
        if self.counters.keep_dropped is not None:
            dropped = self.counters.keep_dropped
            yield _counter("keep_dropped", "Pictures that clips and recordings lack.", dropped)

    def _devices(self) -> Iterator[Metric]:
        state = self.state
        yield _one_of("camera_state", "The camera.", CameraState, state.camera)
        yield _one_of("output_state", "What viewers see.", ProgramSource, state.output)
        if state.viewers is not None:
            yield _gauge("viewers", "Applications that read the virtual camera.", state.viewers)
        if self.counters.watched_s is not None:
            watched = self.counters.watched_s
            yield _counter("watched_seconds", "Seconds in which somebody watched.", watched)
        if self.counters.previews is not None:
            yield _gauge("previews", "Viewers of the live preview.", self.counters.previews)
        if self.counters.outputs:
            is_open = {name: float(is_open) for name, is_open in self.counters.outputs}
            yield _labelled("sink_output_open", "1: fed; 0: lost.", "output", is_open)
        yield _gauge("error", "1 while something is wrong.", state.error is not None)


def _gauge(name: str, what: str, value: float) -> Metric:
    return GaugeMetricFamily(f"sana_vcam_{name}", what, value=value)


def _counter(name: str, what: str, value: float) -> Metric:
    return CounterMetricFamily(f"sana_vcam_{name}", what, value=value)


def _histogram(name: str, what: str, histogram: Histogram) -> Metric:
    family = HistogramMetricFamily(f"sana_vcam_{name}", what)
    bounds = [*(str(bound) for bound in histogram.bounds), "+Inf"]
    totals = accumulate(histogram.counts)
    buckets = list(zip(bounds, totals, strict=True))
    family.add_metric([], buckets, sum_value=histogram.sum)
    return family


def _labelled(name: str, what: str, label: str, values: dict[str, float]) -> Metric:
    family = GaugeMetricFamily(f"sana_vcam_{name}", what, labels=[label])
    for key, value in values.items():
        family.add_metric([key], value)
    return family


def _one_of(
    name: str,
    what: str,
    states: type[SessionState | CameraState | ProgramSource | QualityWord | LineState],
    now: str,
) -> Metric:
    """Write one line for each state: 1 for the present one, 0 for the others."""
    values = {str(state): float(state == now) for state in states}
    return _labelled(name, what, "state", values)
