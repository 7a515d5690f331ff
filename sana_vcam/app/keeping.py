"""Clips and recordings of what viewers see. Off, there is no task, no thread, nothing imported."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from sana_vcam.app.keptsound import KeptSound
from sana_vcam.config import paths
from sana_vcam.config.schema import KeepConfig
from sana_vcam.control.protocol.keeping import ClipSaved, RecordingState, RecordSwitched
from sana_vcam.errors import CommandFailed, KeepingFailed, StartupError
from sana_vcam.lib.threads import run_blocking, run_loop, supervise_optional, wait_out
from sana_vcam.media.sinks.sink import Sink

if TYPE_CHECKING:
    from sana_vcam.media.keeping.keeper import Keeper
    from sana_vcam.media.keeping.recording import Recording

log = logging.getLogger(__name__)

FOLDER = "SANA VCam"
AGAIN_S = 60.0
ENCODED_WITHIN_S = 5.0
"""How long a clip waits for the pictures that are being encoded."""
LAST_WRITES_S = 5.0
"""How long the end of a recording waits for the disk."""
OFF = (
    "nothing is kept: set clips = true under [keep] in the configuration, or start with "
    "--set keep.clips=true"
)
AS_BYPASS = "; black where viewers saw the raw camera, which is not kept"


class Keeping:
    """Keeps what viewers see while the configuration says so. Lives on the event loop."""

    def __init__(
        self,
        config: KeepConfig,
        sink: Sink,
        fps: float,
        on_change: Callable[[], None],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Prepare; `on_change` is called on the event loop when the state has changed."""
        self.error: str | None = None
        """Why it does not do what it should, and what mends it."""
        self._config = config
        self._sink = sink
        self._fps = fps
        self._on_change = on_change
        self._clock = clock
        self.sound = KeptSound()
        """What is heard, beside the pictures."""
        self._keeper: Keeper | None = None
        self._task: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._recording: tuple[Recording, threading.Event, asyncio.Task[None]] | None = None
        self._saving = asyncio.Lock()
        self._switching = asyncio.Lock()

    async def __aenter__(self) -> Self:
        self.follow(self._config)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stop()
        if self._tasks:
            await asyncio.wait(self._tasks)

    @property
    def clips(self) -> bool:
        """Whether what viewers see is held now, for clips and recordings."""
        return self._keeper is not None

    @property
    def dropped(self) -> int:
        """Pictures that were not kept, since the encoder was behind."""
        return 0 if self._keeper is None else self._keeper.dropped

    @property
    def recording(self) -> RecordingState | None:
        """The recording that runs."""
        if self._recording is None:
            return None
        recording = self._recording[0]
        return RecordingState(path=str(recording.path), seconds=round(recording.seconds, 1))

    def follow(self, config: KeepConfig) -> None:
        """Take on a configuration: from now on what is not to be kept is forgotten."""
        self._config = config
        if not config.clips:
            self._stop()
        elif self._task is None:
            keep = supervise_optional("the clips", self._keep, again_s=AGAIN_S)
            self._task = asyncio.create_task(keep, name="keeping")
            self._tasks.add(self._task)
            self._task.add_done_callback(self._tasks.discard)

    def _stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            self._task, self.error = None, None
            self._sink.on_sent = self._keeper = None

    async def _keep(self) -> None:
        """Hold what viewers see, for as long as this task lives."""
        if ending := self._tasks - {self._task}:
            await asyncio.wait(ending)
        await run_blocking(_load, name="keeping-load")
        from sana_vcam.media.keeping.keeper import Keeper

        self.error = None
        keeper = self._keeper = Keeper(self._sink.size, self._fps, clock=self._clock)
        self._sink.on_sent = keeper.offer
        self._on_change()
        hear = supervise_optional("the sound of clips", self.sound.run, again_s=AGAIN_S)
        hearing = asyncio.create_task(hear, name="kept sound")
        try:
            await run_loop(keeper.run, name="keeping", wake=keeper.wake)
        except KeepingFailed as error:
            self._fail(error)
        finally:
            hearing.cancel()
            await asyncio.wait({hearing})
            if self._keeper is keeper:
                self._sink.on_sent = self._keeper = None
            await wait_out(asyncio.ensure_future(self._end_recording()))
            self._on_change()

    def _fail(self, error: KeepingFailed) -> None:
        self.error = str(error)
        log.warning("%s", error)

    def _require_keeper(self) -> Keeper:
        if not self._config.clips:
            raise CommandFailed("rejected", OFF)
        if self._keeper is None:
            raise CommandFailed("not_ready", self.error or "what viewers see is not held yet")
        return self._keeper

    def _folder(self) -> Path:
        """Name the folder of the files. Raises `KeepingFailed`; looks at the disk."""
        try:
            return self._config.folder or paths.videos_dir() / FOLDER
        except StartupError:
            raise KeepingFailed(
                "this user has no home folder: set keep.folder to a folder that it may write"
            ) from None

    # -- clips ---

    async def clip(self, seconds: float | None, gif: bool) -> ClipSaved:
        """Save the last seconds as a file.

        Raises `rejected` while nothing is to be kept, or the disk does not take it; `not_ready`
        while nothing is held.
        """
        keeper = self._require_keeper()
        wanted = self._config.seconds if seconds is None else seconds
        if gif and wanted > MOST_GIF_S:
            raise CommandFailed(
                "rejected", f"a GIF has at most {MOST_GIF_S} seconds; an MP4 has up to 60"
            )
        async with self._saving:
            try:
                async with asyncio.timeout(ENCODED_WITHIN_S):
                    held = await asyncio.wrap_future(keeper.held())
            except TimeoutError:
                raise CommandFailed(
                    "not_ready", "the machine is too busy to encode; try again"
                ) from None
            if not held:
                raise CommandFailed("not_ready", "viewers have seen nothing yet")
            from sana_vcam.media.keeping.saving import save

            sound = () if gif else await self.sound.held()
            since = held[-1].at + 1 / self._fps - wanted
            reserve = self._config.reserve_mb * 1_000_000

            def write() -> tuple[Path, float]:
                folder, size = self._folder(), self._sink.size
                return save(
                    held,
                    folder,
                    size,
                    self._fps,
                    since=since,
                    reserve_bytes=reserve,
                    gif=gif,
                    sound=sound,
                )

            try:
                path, long_s = await run_blocking(write, name="clip")
            except KeepingFailed as error:
                raise CommandFailed("rejected", str(error)) from None
        log.info("wrote a clip of %.1f s: %s", long_s, path)
        as_bypass = AS_BYPASS if keeper.bypass_at >= since else ""
        note = f"{long_s:.1f} s in {path}{as_bypass}{'' if gif else self.sound.note}"
        return ClipSaved(path=str(path), seconds=round(long_s, 3), note=note)

    # -- recordings ---

    async def record(self, on: bool | None) -> RecordSwitched:
        """Record from now on, or end that; None: the other way round. Raises as `clip` does."""
        async with self._switching:
            running = self._recording
            if (running is None) if on is None else on:
                path = running[0].path if running is not None else await self._begin_recording()
                note = f"into {path}{self.sound.note}"
                return RecordSwitched(on=True, path=str(path), note=note)
            if running is None:
                return RecordSwitched(on=False, path="")
            await self._end_recording()
            recording = running[0]
        note = f"{recording.seconds:.1f} s in {recording.path}"
        return RecordSwitched(on=False, path=str(recording.path), note=note)

    async def _begin_recording(self) -> Path:
        keeper = self._require_keeper()
        from sana_vcam.media.keeping.folder import new_file
        from sana_vcam.media.keeping.recording import Recording

        reserve = self._config.reserve_mb * 1_000_000
        try:
            path, file = await run_blocking(
                lambda: new_file(self._folder(), ".mp4", reserve), name="new-recording"
            )
        except KeepingFailed as error:
            raise CommandFailed("rejected", str(error)) from None
        recording = Recording(
            path, file, keeper.size, keeper.fps, reserve_bytes=reserve, sound=self.sound.is_on
        )
        stop = threading.Event()
        task = asyncio.create_task(self._record(recording, stop), name="recording")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        self._recording, self.error = (recording, stop, task), None
        keeper.on_coded = recording.put
        self.sound.pass_on(recording.put if self.sound.is_on else None)
        keeper.want_keyframe()
        log.info("recording into %s", path)
        self._on_change()
        return path

    async def _record(self, recording: Recording, stop: threading.Event) -> None:
        """Have the file written until `stop`; what ends it before costs the recording alone."""
        try:
            await run_blocking(partial(recording.run, stop), name="recording")
        except KeepingFailed as error:
            self._fail(error)
        finally:
            if self._recording is not None and self._recording[0] is recording:
                self._recording = None
                self.sound.pass_on(None)
                if self._keeper is not None:
                    self._keeper.on_coded = None
            self._on_change()

    async def _end_recording(self) -> None:
        """End the recording, and wait until it is on the disk, unless that takes no more."""
        if self._recording is None:
            return
        recording, stop, task = self._recording
        if self._keeper is not None:
            self._keeper.on_coded = None
        self.sound.pass_on(None)
        stop.set()
        recording.wake()
        await asyncio.wait({task}, timeout=LAST_WRITES_S)
        if not task.done():
            # Its thread stands still on the disk, and ends with the process.
            task.cancel()
            await asyncio.wait({task})
            self._fail(KeepingFailed(f"the disk did not take in time the end of {recording.path}"))
            return
        log.info("recorded %.1f s: %s", recording.seconds, recording.path)


MOST_GIF_S = 15


def _load() -> None:
    """Import what takes a while, away from the event loop."""
    import sana_vcam.media.keeping.keeper
    import sana_vcam.media.keeping.saving  # noqa: F401
