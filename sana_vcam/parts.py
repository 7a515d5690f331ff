"""The running daemon's parts, by name; and the one state that is told of all of them."""

from __future__ import annotations

from dataclasses import dataclass

from sana_vcam.config import Config
from sana_vcam.demand import Demand
from sana_vcam.engine.engine import Engine
from sana_vcam.media import MediaPath
from sana_vcam.program import Playout, Program
from sana_vcam.sinks.consumers import Consumers
from sana_vcam.sinks.sink import Sink
from sana_vcam.status import Output, State


@dataclass(frozen=True)
class Parts:
    """Built once, when the sink is open."""

    config: Config
    media: MediaPath
    engine: Engine
    demand: Demand
    program: Program
    playout: Playout
    sink: Sink
    consumers: Consumers

    def state(self, now: float) -> State:
        """The full state at `now` (monotonic seconds); from numbers and immutable snapshots."""
        engine, wants, model = self.engine.status, self.engine.wants, self.engine.model_state
        camera, buffer = self.media.camera.status, self.media.buffer
        program, switches, card = self.program, self.program.switches, self.program.card
        return State(
            output=program.output,
            card=card.headline if card is not None else None,
            session=engine.state,
            session_wanted=engine.wanted,
            hold=self.demand.hold,
            viewers=self.demand.count,
            session_s=None if engine.ready_at is None else round(now - engine.ready_at, 1),
            phase_s=round(now - engine.since, 1),
            prompt=wants.prompt,
            preset=wants.preset,
            model_prompt=model.current_prompt if model is not None else None,
            seed=wants.seed,
            anchor_interval=wants.anchor_interval,
            paused=wants.paused,
            blank=switches.blank,
            freeze=switches.freeze,
            bypass=switches.bypass,
            bypass_allowed=program.bypass_allowed,
            chunk=self.engine.chunk,
            camera=camera.state,
            camera_name=camera.name,
            sink=self.sink.kind,
            sink_name=self.sink.name,
            width=self.sink.size[0],
            height=self.sink.size[1],
            fps_camera=round(self.media.publisher.meter.rate(now), 1),
            fps_model=round(self.media.received.rate(now), 1),
            fps_output=round(self.playout.meter.rate(now), 1),
            delay_ms=round(buffer.delay_s * 1000) if program.output is Output.LIVE else None,
            dropped=buffer.dropped,
            repeated=buffer.repeated,
            # What is nearest to the user comes first: it is often the cause of the rest.
            error=camera.error or self.sink.status.error or engine.error,
        )
