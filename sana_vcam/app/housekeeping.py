"""What a daemon does now and then beside the picture: viewers, systemd, numbers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from sana_vcam.app.instance import Instance
from sana_vcam.app.native import give_back_memory
from sana_vcam.app.parts import Parts
from sana_vcam.app.systemd import Notifier
from sana_vcam.control.preview.previews import PreviewServer
from sana_vcam.control.protocol.state import State
from sana_vcam.control.server.counters import Counters
from sana_vcam.engine.ledger import Ledger
from sana_vcam.engine.states import SessionState
from sana_vcam.lib.filewatch import FileWatch
from sana_vcam.lib.idle import until_any, until_tick
from sana_vcam.lib.threads import run_blocking

HOUSEKEEPING_S = 1.0
RESTING_S = 5.0
"""The same while nobody watches and no session is wanted: half of the watchdog's time."""
FIRST_LOOK_S = 0.05
"""How often the first tick of the playout is looked for: the service is ready with it."""
FILES_S = 2.0
"""How soon files come back that somebody has cleaned away."""


async def follow_demand(parts: Parts, changed: asyncio.Event) -> None:
    """Have camera and session on while somebody watches, or as the user said by hand.

    Looks again when `changed` is set, which it clears. `parts.busy` follows as well. The memory of
    the pictures is given back after each session.
    """
    held = False
    while True:
        changed.clear()
        now = time.monotonic()
        if parts.viewers.known or not parts.sink.tells_viewers:
            parts.demand.viewers(parts.viewers.count, now)
            parts.watched.switch(bool(parts.demand.count), now)
        wanted = parts.demand.wanted(now)
        if wanted != parts.engine.status.wanted:
            (parts.engine.connect if wanted else parts.engine.disconnect)()
        parts.media.camera.set_wanted(wanted and parts.engine.takes_camera)
        rests = not wanted and not parts.demand.watched
        parts.playout.set_idle(rests)
        (parts.busy.clear if rests else parts.busy.set)()
        held = held or not rests
        if held and rests and parts.engine.status.state is SessionState.IDLE:
            held = False
            await run_blocking(give_back_memory, name="give-back-memory")
        await until_any(changed, seconds=parts.demand.changes_in_s(now))


async def keep_house(parts: Parts, notifier: Notifier, tell: Callable[[], None]) -> None:
    """Tell systemd readiness and status, and clients the state; feed the watchdog.

    The watchdog is fed only when the playout has ticked since the last time.
    """
    ticks = 0
    ready = False
    while True:
        if parts.playout.ticks > ticks:
            if not ready:
                notifier.ready()
                ready = True
            notifier.watchdog()
        ticks = parts.playout.ticks
        notifier.status(_status_line(parts.state(time.monotonic())))
        tell()
        if not ready:
            await asyncio.sleep(FIRST_LOOK_S)
        elif parts.busy.is_set():
            await asyncio.sleep(until_tick(HOUSEKEEPING_S))
        else:
            await until_any(parts.busy, seconds=until_tick(RESTING_S))


async def keep_files(instance: Instance, ledger: Ledger) -> None:
    """Put the lock and the ledger of open sessions back when they are removed, until cancelled."""
    with FileWatch() as files:

        def look() -> bool:
            files.look_out((*instance.paths, ledger.path))
            instance.restore()
            return ledger.is_missing()

        while True:
            is_missing = await run_blocking(look, name="keep-files")
            if is_missing:
                ledger.write_again()
            waits_for_room = instance.lacks_lock or (is_missing and bool(ledger.pending))
            await files.wait(FILES_S, calm=not waits_for_room)


def _status_line(state: State) -> str:
    """Describe the state for `systemctl status`: no prompt, since others may read it."""
    return (
        f"{state.output} to {state.sink_name}; session {state.session}; "
        f"{state.fps_model:.0f} fps from the model, {state.fps_output:.0f} fps out"
    )


def counters(parts: Parts, previews: PreviewServer, restarts: int | None) -> Counters:
    """Gather the counts for the metrics, from numbers that are kept anyway."""
    return Counters(
        frames_published=parts.media.publisher.meter.total,
        frames_received=parts.media.received.total,
        frames_written=parts.sink.frames_sent,
        ticks_skipped=parts.playout.skipped,
        outputs=tuple(
            (f"{one.name} ({one.device})", one.open) for one in parts.sink.status.cameras
        ),
        delays=parts.playout.delays,
        watched_s=None if parts.demand.count is None else parts.watched.seconds(time.monotonic()),
        previews=previews.viewers,
        billed_s=parts.engine.usage.seconds.total,
        keep_dropped=parts.keeping.dropped if parts.keeping.clips else None,
        restarts=restarts,
    )
