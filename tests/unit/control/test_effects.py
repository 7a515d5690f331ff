"""What a reply says of when a command takes effect, in every state."""

from __future__ import annotations

from itertools import product

import pytest

from sana_vcam.config.preset import Preset
from sana_vcam.control import effects
from sana_vcam.control.protocol import messages
from sana_vcam.control.protocol.replies import Applies
from sana_vcam.control.protocol.state import State
from sana_vcam.engine.demand import Hold
from sana_vcam.engine.states import SessionState as S
from sana_vcam.media.states import CameraState as C
from sana_vcam.reactor.models import SANA, record_of
from sana_vcam.reactor.models.vidu import VIDU
from tests.fakes.controls import FIRST_STATE

JOYAI = record_of("joy-video-edit")

COMMANDS = [
    messages.SetPrompt(prompt="as clay"),
    messages.SetSeed(seed=42),
    messages.SetAnchorInterval(chunks=7),
    messages.SetSetting(name="seed", value=3),
    messages.SetImage(data="x"),
    messages.SchedulePrompt(prompt="rain", chunk=9),
    messages.Pause(),
    messages.Resume(),
    messages.Reset(),
    messages.Connect(),
    messages.Disconnect(),
    messages.Renew(),
]


def state(session: S = S.STREAMING, **changes: object) -> State:
    fields = {"session": session, "session_wanted": True, "viewers": 1, **changes}
    return FIRST_STATE.model_copy(update=fields)


def prompt(now: State, model=SANA):
    return effects.of_command(messages.SetPrompt(prompt="as clay"), now, model)


def test_a_running_model_shows_a_prompt_soon():
    applied = prompt(state())
    assert applied.applies is Applies.NEXT_CHUNK
    assert applied.note == "from the model's next pictures on"


@pytest.mark.parametrize(
    ("now", "why"),
    [
        (state(S.IDLE, session_wanted=False, hold=Hold.OFF), "you have disconnected"),
        (state(S.IDLE, session_wanted=False, viewers=0), "nobody watches"),
        (state(S.IDLE, session_wanted=False, viewers=None), "none is wanted"),
        (state(S.IDLE, camera=C.LOST, error="there is no camera: plug one in"), "no camera"),
        (state(S.IDLE, camera=C.OPENING), "the camera is being opened"),
        (state(S.IDLE, paused=True), "sana-vcam ctl resume"),
        (state(S.IDLE), "about to be opened"),
        (state(S.CONNECTING), "being opened"),
        (state(S.WAITING), "waits for a GPU"),
        (state(S.RECONNECTING), "dropped"),
        (state(S.CLOSING), "closed"),
        (
            state(S.BACKOFF, error="The model's service cannot be reached.", next_try_in_s=12.4),
            "cannot be reached. Next try in 12 s",
        ),
        (state(S.REFUSED, error="The account has no credits left."), "no credits"),
    ],
)
def test_without_a_session_it_is_kept_and_the_reply_says_why(now, why):
    for command in COMMANDS[:3]:
        applied = effects.of_command(command, now, SANA)
        assert applied.applies is Applies.NEXT_SESSION
        assert "kept: shown when a session runs (none now: " in applied.note
        assert why in applied.note
        assert not applied.note.endswith(".)")


def test_a_seed_waits_for_a_reset():
    applied = effects.of_command(messages.SetSeed(seed=42), state(), SANA)
    assert applied.applies is Applies.NEXT_RESET
    assert applied.note.startswith("seed 42, from the next reset on")
    by_name = effects.of_command(messages.SetSetting(name="seed", value=42), state(), SANA)
    assert by_name.applies is Applies.NEXT_RESET
    anchor = effects.of_command(messages.SetAnchorInterval(chunks=7), state(), SANA)
    assert anchor.applies is Applies.NEXT_CHUNK


def test_what_a_model_does_not_take_is_said():
    applied = effects.of_command(messages.SetSeed(seed=42), state(), VIDU)
    assert applied.applies is (Applies.NEVER if VIDU.setting("seed") is None else applied.applies)
    assert prompt(state(), VIDU).applies is Applies.NEVER
    assert VIDU.title in prompt(state(), VIDU).note


def test_a_model_that_reads_its_prompt_at_the_beginning_begins_anew():
    applied = prompt(state(), JOYAI)
    assert (applied.applies, applied.note) == (Applies.NOW, "the run begins anew with it")


def test_paused_it_is_shown_when_it_goes_on():
    for now in (state(S.PAUSED, paused=True), state(S.STREAMING, paused=True)):
        assert prompt(now).applies is Applies.LATER
        assert "sana-vcam ctl resume" in prompt(now).note


def test_a_switch_that_hides_it_is_named():
    assert prompt(state(blank=True)).note.endswith("; not seen while blank is on")
    assert prompt(state(freeze=True)).note.endswith("; not seen while freeze is on")


def test_a_preset_says_what_its_prompt_does_and_when_its_seed_counts():
    look = Preset(id="x", name="X", prompt="p")
    seeded = Preset(id="x", name="X", prompt="p", seed=7)
    assert effects.of_preset(state(), SANA, look) == prompt(state())
    assert "its seed from the next reset on" in effects.of_preset(state(), SANA, seeded).note
    assert effects.of_preset(state(S.IDLE), SANA, seeded) == prompt(state(S.IDLE))
    pictured = Preset(id="x", name="X", prompt="", image="cape.jpg")
    assert effects.of_preset(state(), VIDU, pictured).applies is not Applies.NEVER


@pytest.mark.parametrize(("command", "session", "free"), list(product(COMMANDS, S, (False, True))))
def test_every_command_in_every_state_has_words_and_where_it_is_free_nothing_is_billed(
    command, session, free
):
    now = state(session, billable=not free, chunk=4)
    applied = effects.of_command(command, now, SANA)
    assert applied.note
    if free:
        assert "bill" not in applied.note


@pytest.mark.parametrize(
    ("now", "billed", "applies"),
    [
        (state(), True, Applies.NEXT_CHUNK),
        (state(S.PAUSED, paused=True), True, Applies.NOW),
        (state(S.IDLE, paused=True), False, Applies.NOW),
        (state(billable=False), False, Applies.NEXT_CHUNK),
    ],
)
def test_a_pause_says_what_it_costs(now, billed, applies):
    applied = effects.of_command(messages.Pause(), now, SANA)
    assert ("billed" in applied.note, applied.applies) == (billed, applies)


@pytest.mark.parametrize("command", [messages.Connect(), messages.Resume()])
def test_what_is_in_the_way_of_a_session_is_said(command):
    def answer(now: State) -> tuple[Applies, str]:
        applied = effects.of_command(command, now, SANA)
        return applied.applies, applied.note

    assert answer(state(S.IDLE))[0] is Applies.NOW
    lost = answer(state(S.IDLE, camera=C.LOST, error="there is no camera: plug one in (devices)"))
    assert lost == (Applies.LATER, "no session is opened yet: there is no camera")
    blind = effects.of_command(command, state(S.IDLE, camera=C.LOST), record_of("helios"))
    assert blind.applies is Applies.NOW, "a model without a camera waits for none"


def test_connecting_a_paused_daemon_says_how_to_go_on():
    applied = effects.of_command(messages.Connect(), state(S.IDLE, paused=True), SANA)
    assert applied.applies is Applies.LATER
    assert "sana-vcam ctl resume" in applied.note


def test_a_schedule_that_comes_too_late_is_said():
    late = messages.SchedulePrompt(prompt="rain", chunk=4)
    assert effects.of_command(late, state(chunk=4), SANA).applies is Applies.NEXT_CHUNK
    assert effects.of_command(late, state(chunk=3), SANA).applies is Applies.LATER


@pytest.mark.parametrize(
    ("switches", "name", "on", "note"),
    [
        ({"freeze": True, "blank": True}, "freeze", True, "below blank: viewers see black"),
        ({"bypass": True, "freeze": True}, "bypass", True, "below freeze: viewers see a still"),
        ({"bypass": True, "blank": True}, "bypass", True, "below blank"),
        ({"blank": True, "freeze": True}, "blank", True, ""),
        ({"freeze": True}, "freeze", True, ""),
        ({"blank": True}, "freeze", False, "viewers still see black"),
        ({"freeze": True}, "blank", False, "viewers still see a still picture"),
        ({}, "blank", False, ""),
    ],
)
def test_a_switch_that_is_not_seen_says_so(switches, name, on, note):
    under = {"blank": False, "freeze": False, "bypass": False} | switches
    hidden = tuple([one for one, is_on in under.items() if is_on][1:])
    now = state(covered=hidden, **switches)
    said = effects.of_switch(now, name, on=on)
    assert said.startswith(note)
    assert bool(said) is bool(note)
