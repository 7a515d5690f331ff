"""The parts of a running daemon by name, and the one state that is told of all of them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace

from sana_vcam.app.away import Away
from sana_vcam.app.keeping import Keeping
from sana_vcam.app.voicing import Voicing
from sana_vcam.config.schema import Config
from sana_vcam.control.player import Player
from sana_vcam.control.protocol.seen import covered, viewers_see
from sana_vcam.control.protocol.state import State
from sana_vcam.control.rehearsal import Rehearsal
from sana_vcam.engine.demand import Demand
from sana_vcam.engine.engine import Engine
from sana_vcam.engine.quality.sending import Sending
from sana_vcam.engine.quality.watch import QualityWatch
from sana_vcam.engine.slates import PictureWait, slate_for
from sana_vcam.lib.meter import Stopwatch
from sana_vcam.media.pipeline import Pipeline
from sana_vcam.media.playout.playout import Playout
from sana_vcam.media.playout.program import Program, Switches
from sana_vcam.media.playout.transitions import Transition, Transitions
from sana_vcam.media.sinks.sink import Sink
from sana_vcam.media.sinks.viewers import Viewers
from sana_vcam.media.slate import Slate
from sana_vcam.media.states import CameraState, ProgramSource


@dataclass(frozen=True)
class Parts:
    """Everything that the daemon builds once the sink is open."""

    config: Config
    media: Pipeline
    engine: Engine
    demand: Demand
    program: Program
    playout: Playout
    transitions: Transitions
    sink: Sink
    viewers: Viewers
    quality: QualityWatch
    sending: Sending
    voicing: Voicing
    away: Away
    player: Player
    rehearsal: Rehearsal
    keeping: Keeping
    watched: Stopwatch = field(default_factory=Stopwatch)
    """How long somebody has watched; written by the event loop."""
    busy: asyncio.Event = field(default_factory=asyncio.Event)
    """Set while somebody watches or a session is wanted; by the event loop."""
    wait: PictureWait = field(default_factory=PictureWait)
    """Since when viewers wait for a picture; written by the event loop."""
    config_error: Callable[[], str | None] = lambda: None
    """What is wrong with the changed configuration, if anything is."""

    def __post_init__(self) -> None:
        self.keeping.sound.voice_on = lambda: self.voicing.is_on

    def state(self, now: float) -> State:
        """Gather the state at `now` (monotonic seconds) from numbers and immutable snapshots."""
        engine, desired, model = self.engine.status, self.engine.desired, self.engine.reading
        camera, buffer = self.media.camera.status, self.media.buffer
        program, switches, slate = self.program, self.program.switches, self.program.slate
        glass, quality = self.media.latency.reading, self.quality.now
        budget, ends_in_s = self.engine.usage.budget, self.engine.ends_in_s(now)
        session, day, month = budget.periods
        record, before = self.engine.model, self.rehearsal.look_on_air
        client = self.engine.client
        # What is nearest to the user comes first: it is often the cause of the rest.
        error = camera.error or self.sink.status.error or engine.sentence or self.config_error()
        error = error or self.away.error
        details = engine.error if error == engine.sentence else None
        silent_s = self.no_picture_s(now)
        if silent_s is not None:
            glass = None
            quality = replace(quality, word=None, cause=NO_PICTURE)
        send_size = client.send_size if client is not None else self.sending.next_size
        if client is not None and client.model.input_track is None:
            send_size = (0, 0)
        received_size = client.received_size if client is not None else None
        return State(
            output=program.output,
            viewers_see=viewers_see(
                program.output,
                card=slate.headline if slate is not None else None,
                kind=camera.kind,
                name=camera.name,
                made_up=not self.engine.takes_camera,
                away=self.away.name,
            ),
            card=slate.headline if slate is not None else None,
            no_picture_s=None if silent_s is None else round(silent_s, 1),
            session=engine.state,
            session_wanted=engine.wanted,
            hold=self.demand.hold,
            viewers=self.demand.count,
            viewer_names=self.viewers.names,
            session_s=None if engine.ready_at is None else round(now - engine.ready_at, 1),
            phase_s=round(now - engine.since, 1),
            ends_in_s=None if ends_in_s is None else round(ends_in_s, 1),
            next_try_in_s=_until(engine.next_try_at, now),
            renewing=engine.renewing,
            billable=not self.config.reactor.local,
            billing=engine.ready_at is not None and not self.config.reactor.local,
            billed_session_s=round(session.seconds, 1),
            billed_day_s=round(day.seconds, 1),
            billed_month_s=round(month.seconds, 1),
            cost_session=session.cost,
            cost_day=day.cost,
            cost_month=month.cost,
            price_per_min=budget.cost.price_per_min or None,
            currency=budget.cost.currency,
            budget=budget.sentence,
            prompt=desired.prompt,
            preset=desired.preset,
            model_prompt=model.prompt if model is not None else None,
            seed=desired.seed,
            anchor_interval=desired.anchor_interval,
            model=self.engine.model_name,
            model_title=record.title,
            takes_prompt=record.prompt is not None,
            image=None if desired.image is None else desired.image.name,
            settings={**desired.settings, **desired.look_settings},
            rehearsal=self.rehearsal.stage,
            second_session=self.rehearsal.takes_second,
            on_air_prompt=None if before is None else before.prompt,
            on_air_preset=None if before is None else before.preset,
            rehearsal_error=self.engine.second.ended,
            left_out=desired.left_out_by(record),
            paused=desired.paused,
            blank=switches.blank,
            freeze=switches.freeze,
            bypass=switches.bypass,
            covered=covered(**asdict(switches)),
            bypass_allowed=program.bypass_allowed,
            chunk=model.chunk if model is not None else None,
            camera=camera.state,
            camera_name=camera.name,
            camera_kind=camera.kind,
            sink=self.sink.kind,
            sink_name=self.sink.name,
            width=self.sink.size[0],
            height=self.sink.size[1],
            send_width=send_size[0],
            send_height=send_size[1],
            send_reduced=self.sending.is_reduced(send_size),
            model_width=None if received_size is None else received_size[0],
            model_height=None if received_size is None else received_size[1],
            fps_camera=round(self.media.publisher.meter.rate(now), 1),
            fps_model=round(self.media.received.rate(now), 1),
            fps_output=round(self.playout.meter.rate(now), 1),
            delay_ms=round(buffer.delay_s * 1000) if program.output is ProgramSource.LIVE else None,
            glass_ms=None if glass is None else round(glass.latency_s * 1000),
            glass_confidence=None if glass is None else round(glass.confidence, 2),
            glass_low_ms=None if glass is None else round(glass.low_s * 1000),
            glass_high_ms=None if glass is None else round(glass.high_s * 1000),
            quality=quality.word,
            quality_cause=quality.cause,
            rtt_ms=quality.rtt_ms,
            loss_percent=quality.loss_percent,
            bitrate_kbps=quality.bitrate_kbps,
            relay=quality.relay,
            shedding=self.media.shedding.names,
            voice=self.voicing.state,
            transition=self.transitions.wanted.kind,
            transition_s=self.transitions.wanted.seconds,
            playlist=self.player.state,
            clips=self.keeping.clips,
            recording=self.keeping.recording,
            keep_error=self.keeping.error,
            dropped=buffer.dropped,
            repeated=buffer.repeated,
            error=error,
            error_details=details if details != error else None,
        )

    def follow(self, now: float) -> None:
        """Take note of what is waited for, a picture or a look; at every change, on the loop."""
        self.wait.follow(self.engine.status, self.awaited_camera, now)
        self.transitions.follow_look(self.engine.desired_on_air.look, now)
        self.player.follow()
        self.rehearsal.follow()

    @property
    def shows_wanted_look(self) -> bool:
        """Whether viewers see the model's moving picture of the look that is wanted."""
        is_live = self.program.output is ProgramSource.LIVE and self.program.switches == Switches()
        return is_live and not self.engine.second.is_on

    def show_away(self) -> None:
        """Have viewers see what stands for the card."""
        self.program.away = self.away.picture

    def set_transition(self, transition: Transition) -> None:
        """Have what viewers see change by this transition from now on."""
        if transition != self.transitions.wanted:
            self.transitions.wanted = transition
            self.playout.next = self.transitions.pictures

    @property
    def awaited_camera(self) -> CameraState:
        """The camera's state; a model without a camera waits for none."""
        return self.media.camera.status.state if self.engine.takes_camera else CAPTURING

    def no_picture_s(self, now: float) -> float | None:
        """Count the seconds without a picture of the model; None while they come, or none is to."""
        if not self.program.is_silent(now):
            return None
        return self.wait.seconds(self.program.picture_at, now)

    def card(self) -> Slate:
        """Choose the card of now; on the playout thread."""
        now, picture_at = time.monotonic(), self.program.picture_at
        return slate_for(
            self.engine.status,
            self.awaited_camera,
            self.wait.seconds(picture_at, now),
            had_picture=self.wait.had_picture(picture_at),
            camera_words=self.media.camera.status.words,
        )


CAPTURING = CameraState.CAPTURING
NO_PICTURE = "no picture comes from the model"


def _until(then: float | None, now: float) -> float | None:
    return None if then is None else round(max(0.0, then - now), 1)
