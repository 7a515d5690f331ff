"""What is measured of a running daemon, for those who judge it."""

from __future__ import annotations

from sana_vcam.app.parts import Parts
from sana_vcam.config.schema import Config
from sana_vcam.engine.engine import Engine
from sana_vcam.engine.quality.watch import Rates
from sana_vcam.engine.states import SessionState
from sana_vcam.media.pipeline import Pipeline
from sana_vcam.media.shedding import Shed
from sana_vcam.presets.thumbnails import OnAir
from sana_vcam.reactor import ReactorClient


def streaming(engine: Engine) -> ReactorClient | None:
    """Find the session on air; None while no pictures come from it."""
    return engine.client if engine.status.state is SessionState.STREAMING else None


def rates(config: Config, media: Pipeline, engine: Engine, now: float) -> Rates:
    """Measure the frames per second on their way into the model and out of it.

    A file gives what it holds, so nothing more is wanted of it.
    """
    given = media.publisher.pictures.rate(now)
    wanted = config.camera.fps if config.camera.source != "file" else min(config.camera.fps, given)
    client = engine.client
    width, height = client.send_size if client is not None else (0, 0)
    return Rates(
        # Of a model without a camera, nothing on the way up is judged.
        wanted=wanted if engine.takes_camera else 0.0,
        camera=given,
        sent=media.publisher.meter.rate(now),
        model=media.received.rate(now),
        track_pixels=width * height,
        is_late=media.shedding.leaves_out(Shed.SIZE),
    )


def on_air(parts: Parts) -> OnAir:
    """Describe what is on air, as far as a still of a preset depends on it."""
    desired, model = parts.engine.desired, parts.engine.reading
    return OnAir(
        live=parts.shows_wanted_look,
        prompt=desired.prompt,
        preset=desired.preset,
        seed=desired.seed,
        paused=desired.paused,
        model_prompt=model.prompt if model is not None else None,
        chunk=model.chunk if model is not None else None,
    )
