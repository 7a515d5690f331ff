"""When what a command asked for takes effect, told from the state after it: pure functions.

The one source of these words, for every client: "ok" alone would look done where nothing happens.
"""

from __future__ import annotations

from sana_vcam.config.preset import Preset
from sana_vcam.config.schema import CostConfig
from sana_vcam.control.protocol import messages
from sana_vcam.control.protocol.messages import Command
from sana_vcam.control.protocol.rehearsal import RehearsalStage
from sana_vcam.control.protocol.replies import Applied, Applies, Toggled
from sana_vcam.control.protocol.state import State
from sana_vcam.engine.demand import Hold
from sana_vcam.engine.states import SessionState as S
from sana_vcam.media.states import CameraState
from sana_vcam.reactor.models import Model
from sana_vcam.reactor.models.record import IMAGE, PROMPT, Takes

_RUNNING = frozenset({S.STARTING, S.STREAMING, S.PAUSED})
"""The states in which a model has a run, or is about to be given one."""

_COMING = {
    S.CONNECTING: "a session is being opened",
    S.WAITING: "it waits for a GPU",
    S.STARTING: "the session is starting",
    S.RECONNECTING: "the connection dropped and is joined again",
    S.CLOSING: "the last one is being closed",
}


def of_command(  # noqa: PLR0911, PLR0912 - one case each
    command: Command, state: State, model: Model
) -> Applied | None:
    """Say when what `command` asked for takes effect; None for one that asks for nothing."""
    match command:
        case messages.SetPrompt():
            return of_look(state, model, PROMPT)
        case messages.TryLook():
            return of_preset(state, model, command.preset())
        case messages.SetImage(more=True):
            return Applied(applies=Applies.LATER, note="waiting for the rest of it")
        case messages.SetImage():
            return of_look(state, model, IMAGE)
        case messages.SetSeed(seed=seed):
            return of_look(state, model, "seed", f"seed {seed}")
        case messages.SetAnchorInterval(chunks=chunks):
            every = f"an anchor every {chunks} chunks" if chunks else "no anchors"
            return of_look(state, model, model.anchor or "anchor_interval", every)
        case messages.SetSetting(name=name, value=value):
            return of_look(state, model, name, f"{name} = {value}")
        case messages.SchedulePrompt(chunk=chunk):
            return of_schedule(state, chunk)
        case messages.Pause():
            return of_pause(state)
        case messages.Resume():
            return of_resume(state, model)
        case messages.Reset():
            return of_reset(state, model)
        case messages.Connect():
            return of_connect(state, model)
        case messages.Disconnect():
            return of_disconnect(state)
        case messages.Renew():
            return of_renew(state)
    return None


def why_none(state: State, model: Model) -> str:
    """Say why no session runs, and what opens one."""
    if state.session in _COMING and state.session_wanted:
        return _COMING[state.session]
    if state.session is S.REFUSED:
        return state.error or "it was refused; try again: sana-vcam ctl connect"
    if not state.session_wanted:
        return _why_unwanted(state)
    if _waits_for_camera(state, model):
        # What is wrong, without what mends it: that is in the state.
        return (state.error or "").partition(": ")[0] or "the camera is being opened"
    if state.paused:
        return "it is paused: sana-vcam ctl resume"
    if state.session is S.BACKOFF:
        next_try = _next_try(state)
        return f"{state.error} {next_try}" if state.error else next_try
    return "one is about to be opened"


def _waits_for_camera(state: State, model: Model) -> bool:
    return model.input_track is not None and state.camera is not CameraState.CAPTURING


def _why_unwanted(state: State) -> str:
    if state.hold is Hold.OFF:
        return "you have disconnected: sana-vcam ctl connect"
    if state.viewers == 0:
        return "nobody watches; sana-vcam ctl connect opens one all the same"
    return "none is wanted: sana-vcam ctl connect"


def _next_try(state: State) -> str:
    if state.next_try_in_s is None:
        return "It is tried again soon."
    return f"Next try in {state.next_try_in_s:.0f} s."


def costs(state: State) -> str:
    """Say whether an open session costs money."""
    return "billed" if state.billable else "free: the model runs on this machine"


def of_look(state: State, model: Model, part: str, what: str = "") -> Applied:
    """Say when viewers see a part of the look: "prompt", "image" or a setting's name.

    `what` names it, for a sentence of its own.
    """
    takes = _takes(model, part)
    if takes is None:
        return _applied(Applies.NEVER, what, f"kept, but {model.title} does not take it")
    if state.session not in _RUNNING:
        why = why_none(state, model).rstrip(".")
        note = f"kept: shown when a session runs (none now: {why})"
        return _applied(Applies.NEXT_SESSION, what, note)
    if takes is Takes.RUN and part not in {PROMPT, IMAGE}:
        return _applied(
            Applies.NEXT_RESET, what, "from the next reset on (now: sana-vcam ctl reset)"
        )
    if state.paused:
        return _applied(Applies.LATER, what, "shown when it goes on: sana-vcam ctl resume")
    if takes is Takes.RUN:
        return _applied(Applies.NOW, what, f"the run begins anew with it{_unseen(state)}")
    if state.session is S.STARTING:
        return _applied(Applies.NEXT_CHUNK, what, "with the first picture")
    note = f"from the model's next pictures on{_unseen(state)}"
    return _applied(Applies.NEXT_CHUNK, what, note)


def of_preset(state: State, model: Model, preset: Preset) -> Applied:
    """Say when viewers see a preset's look."""
    main = IMAGE if model.prompt is None and preset.image is not None else PROMPT
    applied = of_look(state, model, main)
    waits = preset.seed is not None and _takes(model, "seed") is Takes.RUN
    if waits and state.session in _RUNNING and applied.applies is Applies.NEXT_CHUNK:
        note = f"{applied.note}; its seed from the next reset on"
        return Applied(applies=applied.applies, note=note)
    return applied


def _unseen(state: State) -> str:
    """Say what viewers see of it meanwhile, where that is nothing."""
    if state.rehearsal in {RehearsalStage.COMING, RehearsalStage.READY}:
        return "; in the preview alone until sana-vcam ctl take"
    hiding = [name for name in ("blank", "freeze", "bypass") if getattr(state, name)]
    return f"; not seen while {hiding[0]} is on" if hiding else ""


def of_rehearse(state: State, cost: CostConfig) -> Applied:
    """Say what a rehearsal does, and what it costs."""
    billed = costs(state)
    if state.billable and cost.price_per_min:
        billed = f"billed, {cost.price_per_min:g} {cost.currency} a minute"
    if state.second_session:
        note = (
            "in the preview as soon as its own session runs; viewers stay live. Both sessions are "
            f"{billed}{' each' if state.billable else ''}, until sana-vcam ctl take or back"
        )
        return Applied(applies=Applies.LATER, note=note)
    note = f"in the preview in a moment; viewers keep a still, and the session goes on ({billed})"
    return Applied(applies=Applies.NEXT_CHUNK, note=note)


def of_take(state: State, *, on_air: bool) -> Applied:
    """Say when viewers see what was taken."""
    return _of_decision("viewers stay live" if state.second_session else STILL, on_air=on_air)


def of_back(state: State, *, on_air: bool) -> Applied:
    """Say when viewers see the look from before; `state` is that of before, too."""
    if state.second_session:
        note = "forgotten, and its session is being closed; viewers saw nothing of it"
        return Applied(applies=Applies.NOW, note=note)
    return _of_decision(STILL, on_air=on_air)


STILL = "viewers keep the still"


def _of_decision(meanwhile: str, *, on_air: bool) -> Applied:
    if on_air:
        return Applied(applies=Applies.NOW, note="on air from the next picture on")
    note = f"on air as soon as the model shows it; {meanwhile} until then"
    return Applied(applies=Applies.NEXT_CHUNK, note=note)


def _applied(applies: Applies, what: str, note: str) -> Applied:
    return Applied(applies=applies, note=f"{what}, {note}" if what else note)


def _takes(model: Model, part: str) -> Takes | None:
    """Find when a model takes on its prompt, its image or a setting; None: it does not."""
    if part == PROMPT:
        return None if model.prompt is None else model.prompt.takes
    if part == IMAGE:
        return None if model.image is None else model.image.takes
    setting = model.setting(part)
    return None if setting is None else setting.takes


def of_pause(state: State) -> Applied:
    """Say what a pause does, and what it costs."""
    if state.session not in {S.STREAMING, S.PAUSED, S.STARTING, S.RECONNECTING}:
        return Applied(
            applies=Applies.NOW, note="paused: no session is opened until sana-vcam ctl resume"
        )
    if state.session is S.PAUSED:
        return Applied(applies=Applies.NOW, note=f"paused; the session stays open ({costs(state)})")
    after = f"paused after the chunk on its way; the session stays open ({costs(state)})"
    return Applied(applies=Applies.NEXT_CHUNK, note=after)


def of_resume(state: State, model: Model) -> Applied:
    """Say what going on does."""
    if state.session in {S.STREAMING, S.PAUSED}:
        return Applied(applies=Applies.NEXT_CHUNK, note="going on")
    return _of_opening(state, model)


def of_connect(state: State, model: Model) -> Applied:
    """Say what wanting a session does."""
    if state.session in {S.STREAMING, S.PAUSED}:
        paused = "; it is paused: sana-vcam ctl resume" if state.paused else ""
        return Applied(applies=Applies.NOW, note=f"a session is open{paused}")
    return _of_opening(state, model)


def _of_opening(state: State, model: Model) -> Applied:
    if state.session in {S.IDLE, S.BACKOFF}:
        lost = _waits_for_camera(state, model) and state.camera is CameraState.LOST
        if not state.session_wanted or state.paused or lost:
            note = f"no session is opened yet: {why_none(state, model).rstrip('.')}"
            return Applied(applies=Applies.LATER, note=note)
        return Applied(applies=Applies.NOW, note="asking for a session; see: sana-vcam ctl state")
    return Applied(applies=Applies.NOW, note=_COMING.get(state.session, "asking for a session"))


def of_disconnect(state: State) -> Applied:
    """Say what wanting none does."""
    if state.session in {S.IDLE, S.BACKOFF, S.REFUSED}:
        return Applied(applies=Applies.NOW, note="no session is open, and none is opened")
    ends = ", and the billing with it" if state.billable else ""
    return Applied(applies=Applies.NOW, note=f"the session is being closed{ends}")


def of_reset(state: State, model: Model) -> Applied:
    """Say what beginning the run anew does."""
    seed = f" with seed {state.seed}" if model.setting("seed") else ""
    return Applied(applies=Applies.NOW, note=f"the run begins anew{seed}")


def of_renew(state: State) -> Applied:
    """Say what another session in place of this one does."""
    both = "; both are billed until it takes over" if state.billable else ""
    return Applied(applies=Applies.LATER, note=f"another session is being brought up{both}")


def of_schedule(state: State, chunk: int) -> Applied:
    """Say when a prompt for later is taken up."""
    if state.chunk is not None and chunk <= state.chunk:
        note = f"chunk {chunk} is over (the last was {state.chunk}): from the next on"
        return Applied(applies=Applies.NEXT_CHUNK, note=note)
    now = "" if state.chunk is None else f" (the last was {state.chunk})"
    return Applied(applies=Applies.LATER, note=f"at chunk {chunk} of this run{now}")


def of_compare(state: State, *, on: bool) -> Toggled:
    """Say how well before and after match."""
    unknown = on and state.glass_ms is None
    note = "the delay is not measured now, so the two may be apart" if unknown else ""
    return Toggled(on=on, note=note)


def of_switch(state: State, name: str, *, on: bool) -> str:
    """Say why a switch that is on is not seen; empty if it is, or is off."""
    if on and name in state.covered:
        above = "blank" if state.blank else "freeze"
        seen = "black" if state.blank else "a still picture"
        return f"below {above}: viewers see {seen}"
    if not on and (state.blank or state.freeze):
        return f"viewers still see {'black' if state.blank else 'a still picture'}"
    return ""
