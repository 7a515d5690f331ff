"""The program, in the broadcast sense: what viewers see at each tick.

Precedence: blank > freeze > bypass > live > slate. While a look is rehearsed, a still takes the
place of the live picture, which only the preview shows then; one that is rehearsed in a session of
its own is off air until that is cut to. The wishes are one immutable object,
swapped by the event loop and read by the playout thread, so that "blank" works at the very next
tick whatever the network, the session or the camera are doing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sana_vcam.lib.mailbox import Mailbox
from sana_vcam.media.frames import BypassGrant, CameraFrame, ModelFrame, Picture
from sana_vcam.media.pacing import PresentationTime
from sana_vcam.media.playout.buffer import PlayoutBuffer
from sana_vcam.media.playout.mixer import Mixer
from sana_vcam.media.slate import Slate, draw
from sana_vcam.media.states import ProgramSource

BYPASS_FRESH_S = 3.0
"""A raw frame older than this is not live: the camera has stopped. In the dark one a second comes,
and a picture that stands is given again sooner."""


@dataclass(frozen=True)
class Switches:
    """What the user wants viewers to see instead of the model's picture."""

    blank: bool = False
    freeze: bool = False
    bypass: bool = False


@dataclass(frozen=True)
class OffAir:
    """What keeps the model's pictures from viewers while a look is rehearsed: they have a still.

    It is set before the model is asked for that look, and read at each tick after the tick has
    taken its frame. So a frame that viewers see had come before anybody asked, or comes after
    `until`.
    """

    until: float | None = None
    """Frames that were received from then on (monotonic seconds) are for viewers again; None: not
    known yet."""

    def lets_through(self, frame: ModelFrame | None) -> bool:
        """Whether viewers may see this frame, and all after it."""
        return self.until is not None and frame is not None and frame.received_at >= self.until


class BypassSource:
    """The raw camera's only way out: it exists only if the configuration granted it."""

    def __init__(self, grant: BypassGrant, camera: Mailbox[CameraFrame]) -> None:
        self._grant = grant
        self._camera = camera

    def picture(self, now: float) -> Picture | None:
        """Make a picture of the newest raw frame; None if the camera has stopped."""
        frame, _ = self._camera.peek()
        if frame is None or now - frame.captured_at > BYPASS_FRESH_S:
            return None
        return Picture.from_bypass(self._grant, frame)


class Program:
    """The choice of each tick's picture. `next` belongs to the playout thread."""

    def __init__(
        self,
        buffer: PlayoutBuffer | Mixer,
        size: tuple[int, int],
        *,
        slate: Callable[[], Slate],
        bypass: BypassSource | None,
    ) -> None:
        """Show `buffer`, or the slate that `slate` gives (called on the playout thread).

        `size` is the sink's (width, height).
        """
        self.patience_s = 0.0
        """How long the model's last picture stays without a new one; 0: it is not shown at all.
        Written by the event loop."""
        self.follows_model = False
        """Whether it stays longer where the model is known to take longer from one burst to the
        next, so that picture and slate do not alternate. Written by the event loop."""
        self.away: Picture | None = None
        """What viewers see in place of every slate: another slate, or black; None: the slate.
        Written by the event loop."""
        self.on_switched: Callable[[], None] = lambda: None
        """Called in the step in which the switches change, on the event loop; does not wait."""
        self.off_air: OffAir | None = None
        """Whether a look is rehearsed, off air. Written by the event loop."""
        self.ended_off_air: OffAir | None = None
        """The last one that let a frame through. Written by the playout thread."""
        self.rehearsed: Picture | None = None
        """What a model shows that viewers are kept from; for the preview alone. None while they are
        not, or it shows nothing. Written by the playout thread."""
        self.keeps_still = False
        """Whether a still stands in for the live picture now. Written by the playout thread."""
        self._switches = Switches()
        self.output = ProgramSource.SLATE
        self.slate: Slate | None = None
        self._buffer = buffer
        self._size = size
        self._slate_now = slate
        self._bypass = bypass
        self._black = Picture.black(*size)
        self._held: Picture | None = None
        self._model: tuple[ModelFrame, Picture] | None = None
        self._previewed: tuple[ModelFrame, Picture] | None = None
        self._previewed_at = float("-inf")
        self._aired: Picture | None = None
        """What a live tick showed last; None if the model was silent then."""
        self._drawn: tuple[Slate, Picture] | None = None
        self._fresh_at = float("-inf")

    @property
    def switches(self) -> Switches:
        """What the user wants instead of the model's picture. Written by the event loop."""
        return self._switches

    @switches.setter
    def switches(self, wanted: Switches) -> None:
        self._switches = wanted
        self.on_switched()

    @property
    def bypass_allowed(self) -> bool:
        """Whether the configuration granted bypass."""
        return self._bypass is not None

    @property
    def on_show(self) -> ModelFrame | None:
        """The model frame that a live tick shows; for measurements."""
        return self._model[0] if self._model is not None else None

    @property
    def picture_at(self) -> float:
        """When the model's last picture came up, on the clock of `next`; minus infinity: never."""
        return self._fresh_at

    def is_silent(self, now: float) -> bool:
        """Whether the model's last picture is too old to be shown; from any thread."""
        return now - self._fresh_at >= self._patience()

    def due(self, now: float) -> PresentationTime | None:
        """Tell when the next picture of its own time is due; None while there is none."""
        switches = self.switches
        if switches.blank or switches.freeze or switches.bypass:
            return None
        return self._buffer.due(now)

    @property
    def catches_up(self) -> bool:
        """Whether the ticks are to catch up with the model's pictures: late, or none may wait."""
        return self._buffer.catches_up

    def wait(self, seconds: float) -> bool:
        """Wait for a picture, or at most so long; True if `wake` ended it."""
        return self._buffer.wakeup.wait(seconds)

    def wake(self) -> None:
        """End a `wait`; from any thread."""
        self._buffer.wakeup.wake()

    def next(self, now: float) -> Picture:
        """Choose the picture for the tick `now`; never raises for what a user can cause."""
        switches = self.switches
        # Taken at every tick, so that going back to live shows now and not what piled up.
        live = self._on_air(self._live(now), now)
        # Held from the tick of freezing on, also while black is in front of it.
        self._held = self._hold(live) if switches.freeze else None
        if switches.blank:
            return self._show(ProgramSource.BLANK, self._black)
        if self._held is not None:
            return self._show(ProgramSource.FREEZE, self._held)
        if switches.bypass and self._bypass is not None:
            raw = self._bypass.picture(now)
            if raw is not None:
                return self._show(ProgramSource.BYPASS, raw)
        elif live is not None:
            return self._show(
                ProgramSource.FREEZE if self.keeps_still else ProgramSource.LIVE, live
            )
        return self._show(ProgramSource.SLATE, self._slate_picture())

    def _on_air(self, live: Picture | None, now: float) -> Picture | None:
        """Choose what viewers may see of the model.

        In a rehearsal that is the picture from before it, and nothing while no session is up.
        """
        # Read after the frame was taken: see `OffAir`.
        off_air = self.off_air
        if off_air is None or off_air is self.ended_off_air or off_air.lets_through(self.on_show):
            self.ended_off_air, self.rehearsed = off_air, self._second(now)
            self._aired = live
            self.keeps_still = False
            return live
        self.rehearsed = live
        self.keeps_still = True
        return self._aired if self._patience() > 0 else None

    def _second(self, now: float) -> Picture | None:
        """Take the picture of the second session, unless it has been silent for too long."""
        frame = self._buffer.previewed
        if frame is None:
            self._previewed = None
            return None
        if self._previewed is None or frame is not self._previewed[0]:
            self._previewed = (frame, Picture.from_model(frame))
            self._previewed_at = now
        return self._previewed[1] if now - self._previewed_at < self._patience() else None

    def _live(self, now: float) -> Picture | None:
        """Take the model's picture, unless it has been silent for too long."""
        frame = self._buffer.take(now)
        if frame is None:
            return None
        if self._model is None or frame is not self._model[0]:
            self._model = (frame, Picture.from_model(frame))
            self._fresh_at = now
        return None if self.is_silent(now) else self._model[1]

    def _patience(self) -> float:
        if not self.follows_model:
            return self.patience_s
        return max(self.patience_s, self._buffer.patience_s)

    def _hold(self, live: Picture | None) -> Picture:
        """Choose the picture that stays: the model's at the moment of freezing, else the slate.

        Never the raw camera: a bypass that ends must not leave a face on the screen.
        """
        return self._held or live or self._slate_picture()

    def _slate_picture(self) -> Picture:
        away = self.away
        if away is not None:
            self._drawn = None
            return away
        slate = self._slate_now()
        if self._drawn is None or self._drawn[0] != slate:
            self._drawn = (slate, Picture.from_slate(draw(slate, *self._size)))
        return self._drawn[1]

    def _show(self, output: ProgramSource, picture: Picture) -> Picture:
        self.slate = self._drawn[0] if output is ProgramSource.SLATE and self._drawn else None
        self.output = output
        return picture
