"""What each command of the API does: the one place between the API and the daemon."""

from __future__ import annotations

import base64
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Protocol

from pydantic import BaseModel

from sana_vcam.config.preset import Preset
from sana_vcam.control import effects
from sana_vcam.control.player import Player
from sana_vcam.control.preview.screen import Screen
from sana_vcam.control.protocol import messages, replies
from sana_vcam.control.protocol.imagepieces import ImagePieces
from sana_vcam.control.protocol.keeping import ClipSaved, RecordSwitched
from sana_vcam.control.protocol.settings import ModelSettings
from sana_vcam.control.protocol.state import State
from sana_vcam.control.protocol.transitions import TransitionSet
from sana_vcam.control.protocol.voice import Microphones, VoiceSwitched
from sana_vcam.control.rehearsal import Rehearsal
from sana_vcam.control.sharing import SHARING, Sharing
from sana_vcam.control.trial import Trial
from sana_vcam.engine.demand import Demand, Hold
from sana_vcam.engine.engine import Engine
from sana_vcam.engine.looks import look_of
from sana_vcam.engine.states import SessionState
from sana_vcam.errors import CommandFailed
from sana_vcam.lib.threads import run_blocking
from sana_vcam.media.pixels import to_jpeg
from sana_vcam.media.playout.program import Program
from sana_vcam.media.playout.transitions import Transition
from sana_vcam.media.sinks.sink import Sink
from sana_vcam.presets.catalog import ListedPreset, step
from sana_vcam.presets.library import PresetLibrary
from sana_vcam.presets.suggestions import Suggestion

JPEG_QUALITY = 85

log = logging.getLogger(__name__)


class Keeps(Protocol):
    """What saves clips and recordings; both raise `CommandFailed`."""

    async def clip(self, seconds: float | None, gif: bool) -> ClipSaved:
        """Save the last seconds; None: as many as configured."""
        ...

    async def record(self, on: bool | None) -> RecordSwitched:
        """Record, or end that; None: the other way round."""
        ...


class Commands:
    """Runs commands, by whatever transport they came; lives on the event loop.

    A command that changes what the user wants succeeds while no session is open: the wish is
    kept, and sent when one is. Nothing here waits for pixels.

    Args:
        engine: Takes what is about the model and the session.
        demand: Takes what the user says by hand about the session.
        program: Takes what is about what viewers see.
        sink: Has the newest picture.
        library: Has the presets.
        state: Makes the full state of now.
        player: Plays playlists.
        list_microphones: Lists those that can be carried.
        set_transition: Has what viewers see change by a transition.
        set_voice: Switches the microphone on, off or, with None, over; its name is the second.
        rehearsal: Takes what is about looks that are rehearsed off air.
        keeping: Saves clips and recordings of what viewers see.
        on_change: Called after a switch or the demand has changed.
    """

    def __init__(
        self,
        *,
        engine: Engine,
        demand: Demand,
        program: Program,
        sink: Sink,
        library: PresetLibrary,
        player: Player,
        set_transition: Callable[[Transition], None],
        state: Callable[[], State],
        list_microphones: Callable[[], Awaitable[Microphones]],
        set_voice: Callable[[bool | None, str | None], Awaitable[VoiceSwitched]],
        rehearsal: Rehearsal,
        keeping: Keeps,
        on_change: Callable[[], None],
    ) -> None:
        self.state = state
        self._rehearsal = rehearsal
        self._list_microphones = list_microphones
        self._set_voice = set_voice
        self._keeping = keeping
        self._engine = engine
        self._demand = demand
        self._program = program
        self._sink = sink
        self._library = library
        self._player = player
        self._set_transition_to = set_transition
        self._on_change = on_change
        self._sharing = Sharing(library)
        self._trial: Trial | None = None

    def presets(self) -> replies.Presets:
        """List the presets in their order."""
        return _presets(self._library.listed())

    def settings(self) -> ModelSettings:
        """Describe what the model takes, and the values that are wanted."""
        engine = self._engine
        client = engine.client
        return ModelSettings.of(
            engine.model,
            engine.desired,
            name=engine.model_name,
            declared=client is not None and client.link.declared,
        )

    async def answer(
        self,
        request: messages.Request,
        screen: Screen | None = None,
        pieces: ImagePieces | None = None,
    ) -> messages.Ok | messages.Error:
        """Run a request's command and say how it went. Raises nothing but cancellation.

        `screen` and `pieces` are of the connection that asks, if it is one that stays open. A
        defect is logged with its traceback; the client is told only that there is one.
        """
        name = request.command.wire_name
        try:
            return messages.Ok(request.id, await self.run(request.command, screen, pieces))
        except CommandFailed as error:
            if error.code in messages.ReplyCode:
                return messages.Error(request.id, messages.ReplyCode(error.code), str(error))
            log.exception("%s failed with the unknown code %r", name, error.code)
        except Exception:
            log.exception("%s failed", name)
        return messages.Error(
            request.id,
            messages.ReplyCode.INTERNAL,
            f"{name} failed inside the daemon; its log has the details",
        )

    async def run(
        self,
        command: messages.Command,
        screen: Screen | None = None,
        pieces: ImagePieces | None = None,
    ) -> BaseModel:
        """Run `command` and give the data of its reply, an instance of `command.reply`.

        Raises:
            CommandFailed: the daemon refuses the command; code and message become the error reply.
        """
        if not isinstance(command, messages.ASK_FOR_A_PART):
            return await self._run(command, screen, pieces)
        with self._rehearsal.asking(another=False):
            return await self._run(command, screen, pieces)

    async def _run(  # noqa: PLR0911, PLR0912 - one case each
        self, command: messages.Command, screen: Screen | None, pieces: ImagePieces | None
    ) -> BaseModel:
        engine = self._engine
        match command:
            case messages.GetState():
                return self.state()
            case messages.SetPrompt():
                with self._rehearsal.asking(another=True):
                    await engine.set_prompt(command.prompt, preset=None, seed=None)
            case messages.SetSeed():
                await engine.set_seed(command.seed)
            case messages.SetAnchorInterval():
                await engine.set_anchor_interval(command.chunks)
            case messages.ListSettings():
                return self.settings()
            case messages.SetSetting():
                await engine.wishes.set_setting(command.name, command.value)
            case messages.SetImage():
                await self._set_image(command, pieces)
            case messages.SchedulePrompt():
                await engine.wishes.schedule_prompt(command.prompt, command.chunk)
            case messages.Pause():
                await engine.pause()
            case messages.Resume():
                await engine.resume()
            case messages.Reset():
                await engine.reset()
            case messages.Connect():
                self._hold(self._hold_of_connect(), engine.connect)
            case messages.Disconnect():
                self._hold(Hold.OFF, engine.disconnect)
            case messages.Renew():
                engine.renew()
            case messages.ReadUsage():
                return replies.Usage.of(engine.usage.budget, billable=self.state().billable)
            case messages.Blank() | messages.Freeze() | messages.Bypass():
                on = self.switch(command.wire_name, command.on)
                note = effects.of_switch(self.state(), command.wire_name, on=on)
                return replies.Toggled(on=on, note=note)
            case messages.ListMicrophones() | messages.SetVoice():
                return await self._run_on_voice(command)
            case messages.Snapshot():
                return _picture(await self.snapshot())
            case messages.SaveClip():
                return await self._keeping.clip(command.seconds, command.gif)
            case messages.Record():
                return await self._keeping.record(command.on)
            case messages.Preview() if screen is not None:
                return replies.PreviewAnswer(sdp=await screen.show(command.sdp))
            case messages.StopPreview() if screen is not None:
                await screen.stop()
            case messages.Compare() if screen is not None:
                screen.compare(on=command.on)
                return effects.of_compare(self.state(), on=command.on)
            case messages.TryLook() if screen is not None:
                await self._try_look(command, screen)
            case messages.EndTrial() if screen is not None:
                await self.end_trial(screen, keep=command.keep)
            case messages.Rehearse() | messages.Take() | messages.Back():
                return await self._run_off_air(command, screen)
            case _ if command.wire_name in messages.BOUND_TO_A_CONNECTION and screen is None:
                raise CommandFailed(
                    "rejected", f"{command.wire_name} needs a connection that stays open"
                )
            case _:
                return await self._run_on_presets(command, screen)
        return effects.of_command(command, self.state(), engine.model) or replies.Empty()

    async def _run_on_voice(
        self, command: messages.ListMicrophones | messages.SetVoice
    ) -> BaseModel:
        if isinstance(command, messages.SetVoice):
            return await self._set_voice(command.on, command.microphone)
        return await self._list_microphones()

    async def _run_on_presets(  # noqa: PLR0911 - one case each
        self, command: messages.Command, owner: object
    ) -> BaseModel:
        """Run a command that is about presets; raises as `run` does."""
        library = self._library
        match command:
            case messages.ListPresets():
                return self.presets()
            case messages.ApplyPreset():
                return await self.apply_preset(command.id)
            case messages.StepPreset():
                return await self.step_preset(command.by)
            case messages.SavePreset():
                return await self._save_preset(command.preset(), command.replaces)
            case messages.RemovePreset():
                return await library.remove(command.id)
            case messages.MovePreset():
                return _presets(await library.move(command.id, command.place))
            case messages.ResetPresets():
                return _presets(await library.reset())
            case messages.Suggest():
                return replies.Suggestions(suggestions=tuple(self.suggest(command.prompt)))
            case messages.Thumbnail():
                return _picture(await library.thumbnail(command.id))
        if isinstance(command, SHARING):
            return await self._sharing.run(command, owner)
        return await self._run_on_playlists(command)

    async def _run_on_playlists(self, command: messages.Command) -> BaseModel:
        """Run a command that is about what follows what; raises as `run` does."""
        match command:
            case messages.SetTransition():
                return self._set_transition(command)
            case messages.ListPlaylists():
                return await self._player.listed()
            case messages.Play():
                return await self._player.play(command.name, self.apply_preset)
        raise TypeError(f"nothing runs {command.wire_name}")

    async def _set_image(self, command: messages.SetImage, pieces: ImagePieces | None) -> None:
        """Take a piece of an image, or want the whole; what is wanted is no preset any more."""
        if command.more and pieces is None:
            raise CommandFailed("rejected", "an image in pieces needs a connection that stays open")
        pieces = pieces or ImagePieces()
        pieces.add(command.data or "")
        if command.more:
            return
        image = pieces.take(command.name)
        await self._engine.wishes.set_image(image)

    async def apply_preset(self, preset_id: str) -> replies.AppliedPreset:
        """Ask for a preset as a whole: one wish, of which nothing holds if a part is wrong.

        Raises `not_found`, and what `look_of` and `Wishes.set_look` raise.
        """
        preset = self._library.find(preset_id)
        wishes = self._engine.wishes
        try:
            with self._rehearsal.asking(another=True):
                left_out = await wishes.set_look(await look_of(preset, self._library.folder))
        except CommandFailed as error:
            if error.code == "invalid_data":
                raise CommandFailed(error.code, f"preset {preset.id!r}: {error}") from None
            raise
        if left_out:
            what = ", ".join(left_out)
            log.info(
                "%s does not take %s of %r; left out", self._engine.model.title, what, preset.id
            )
        said = effects.of_preset(self.state(), self._engine.model, preset)
        return replies.AppliedPreset(
            **dict(preset), left_out=left_out, applies=said.applies, note=said.note
        )

    async def _run_off_air(
        self, command: messages.Rehearse | messages.Take | messages.Back, screen: Screen | None
    ) -> replies.Applied:
        match command:
            case messages.Take():
                return effects.of_take(self.state(), on_air=self._rehearsal.take())
            case messages.Back():
                return effects.of_back(self.state(), on_air=await self._rehearsal.back())
        return await self._rehearse(command, screen)

    async def _rehearse(self, command: messages.Rehearse, screen: Screen | None) -> replies.Applied:
        preset = command.own_look()
        if (preset is None) == (command.preset is None):
            raise CommandFailed(
                "invalid_data", "rehearse takes a preset, or a prompt or an image of your own"
            )
        if preset is None:
            fields = await look_of(self._library.find(command.preset or ""), self._library.folder)
        else:
            fields = await look_of(preset, self._library.folder) | {"preset": None}
        await self._rehearsal.begin(None if command.stays else screen, fields, self._trial)
        self._trial = None
        return effects.of_rehearse(self.state(), self._engine.usage.budget.cost)

    async def _try_look(self, command: messages.TryLook, owner: object) -> None:
        if self._rehearsal.stage is not None:
            raise CommandFailed(
                "rejected", "a look is rehearsed: first sana-vcam ctl take, or sana-vcam ctl back"
            )
        fields = await look_of(command.preset(), self._library.folder)
        fields["preset"] = None
        last = self._trial
        # Before it is sent: a connection may break while the model answers.
        self._trial = Trial.of(owner, fields, self._engine.desired, last)
        try:
            await self._engine.wishes.set_look(fields)
        except CommandFailed:
            self._trial = last
            raise

    def forget(self, owner: object) -> None:
        """Forget the file of looks that a connection has sent, which is named by its screen."""
        self._sharing.forget(owner)

    async def end_trial(self, owner: object, *, keep: bool = False) -> None:
        """End the trial of this connection, named by its screen, if it has one.

        Raises what `Wishes.set_look` raises; the trial is over all the same.
        """
        await self._rehearsal.end(owner)
        trial = self._trial
        if trial is None or trial.owner is not owner:
            return
        self._trial = None
        back = {} if keep else trial.back(self._engine.desired)
        if back:
            await self._engine.wishes.set_look(back)

    async def step_preset(self, by: int) -> replies.AppliedPreset:
        """Ask for the preset `by` places further, wrapping around.

        For a model that shows nothing without an image, those without one are passed over.
        """
        listed, slot = self._library.listed(), self._engine.model.image
        if slot is not None and slot.required:
            listed = tuple(preset for preset in listed if preset.image is not None)
        preset = step(listed, self._engine.desired.preset, by)
        return await self.apply_preset(preset.id)

    async def _save_preset(self, preset: Preset, replaces: str | None) -> Preset:
        """Create or change a preset; tell the engine if the one in force gets another id."""
        active = self._engine.desired.preset
        await self._library.save(preset, replaces)
        if replaces is not None:
            self._engine.name_presets(_renamed(active, replaces, preset.id))
        return preset

    def suggest(self, prompt: str | None) -> Sequence[Suggestion]:
        """Suggest how a prompt may go on; None stands for the prompt in force."""
        desired = self._engine.desired
        if prompt is None or prompt == desired.prompt:
            return self._library.suggest(desired.prompt, desired.preset)
        return self._library.suggest(prompt, None)

    async def snapshot(self) -> bytes:
        """Encode what viewers see now as JPEG. Raises `not_ready` before the first frame."""

        def encode() -> bytes | None:
            pixels = self._sink.latest_pixels()
            return None if pixels is None else to_jpeg(pixels, JPEG_QUALITY)

        jpeg = await run_blocking(encode, name="snapshot")
        if jpeg is None:
            raise CommandFailed("not_ready", "no frame has been shown yet")
        return jpeg

    def switch(self, name: str, on: bool | None) -> bool:
        """Set `blank`, `freeze` or `bypass` from the next tick on; None toggles.

        Returns the new value. Raises `rejected` for a bypass that is not allowed.
        """
        program = self._program
        value = not getattr(program.switches, name) if on is None else on
        if name == "bypass" and value and not program.bypass_allowed:
            raise CommandFailed(
                "rejected",
                "bypass would show the raw camera, and the configuration does not allow it: set "
                "allow_bypass = true under [privacy] and restart",
            )
        program.switches = replace(program.switches, **{name: value})
        self._on_change()
        return value

    def _set_transition(self, command: messages.SetTransition) -> TransitionSet:
        """Have what viewers see change by this transition from now on."""
        before = self.state().transition_s
        seconds = before if command.seconds is None else command.seconds
        self._set_transition_to(Transition(command.kind, seconds))
        self._on_change()
        note = command.kind if command.kind == "cut" else f"{command.kind}, {seconds:g} s"
        return TransitionSet(transition=command.kind, transition_s=seconds, note=note)

    def _hold_of_connect(self) -> Hold:
        """Say who holds the session after `connect`: the user, or as before who watches.

        Where viewers want a session and the last try failed, it only asks for the next try now: a
        session that ends with the call is not to be billed after it.
        """
        state = self.state()
        failed = state.session in {SessionState.BACKOFF, SessionState.REFUSED}
        by_viewers = state.session_wanted and self._demand.hold is Hold.AUTOMATIC
        return Hold.AUTOMATIC if failed and by_viewers else Hold.ON

    def _hold(self, hold: Hold, tell_the_engine: Callable[[], None]) -> None:
        """Keep the hold that the user chose by hand, and have the engine follow at once."""
        self._demand.hold = hold
        tell_the_engine()
        self._on_change()


def _presets(listed: Sequence[ListedPreset]) -> replies.Presets:
    return replies.Presets(presets=tuple(listed))


def _picture(jpeg: bytes) -> replies.EncodedPicture:
    return replies.EncodedPicture(data=base64.b64encode(jpeg).decode("ascii"))


def _renamed(active: str | None, before: str, now: str) -> Callable[[str | None], str | None]:
    """Make the rule for what a preset is called now that was called `before`.

    The list in force has the former id no more, so that the `active` one may be forgotten by now.
    """
    meant = {before, None} if active == before else {before}
    return lambda one: now if one in meant else one
