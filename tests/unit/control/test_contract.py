"""The public words. A change here breaks somebody's hotkey: raise API_VERSION with it."""

import typing

from sana_vcam.control.protocol import events, messages, replies
from sana_vcam.control.server import limits, requests
from sana_vcam.docs.asyncapi import published


def test_the_commands_and_their_fields():
    fields = {name: tuple(model.model_fields) for name, model in messages.COMMANDS.items()}
    assert fields == {
        "get_state": (),
        "list_presets": (),
        "set_prompt": ("prompt",),
        "apply_preset": ("id",),
        "step_preset": ("by",),
        "pause": (),
        "resume": (),
        "reset": (),
        "set_seed": ("seed",),
        "set_anchor_interval": ("chunks",),
        "list_settings": (),
        "set_setting": ("name", "value"),
        "set_image": ("data", "name", "more"),
        "schedule_prompt": ("prompt", "chunk"),
        "blank": ("on",),
        "freeze": ("on",),
        "bypass": ("on",),
        "list_microphones": (),
        "set_voice": ("on", "microphone"),
        "set_transition": ("kind", "seconds"),
        "connect": (),
        "disconnect": (),
        "renew": (),
        "usage": (),
        "snapshot": (),
        "clip": ("seconds", "gif"),
        "record": ("on",),
        "save_preset": (
            "id",
            "name",
            "prompt",
            "seed",
            "evolve",
            "replaces",
            "image",
            "settings",
            "group",
        ),
        "try_look": ("prompt", "image", "settings"),
        "end_trial": ("keep",),
        "rehearse": ("preset", "prompt", "image", "settings", "stays"),
        "take": (),
        "back": (),
        "remove_preset": ("id",),
        "move_preset": ("id", "place"),
        "reset_presets": (),
        "export_presets": ("ids",),
        "inspect_presets": ("data", "more"),
        "import_presets": ("ids", "replace"),
        "forget_presets": (),
        "suggest": ("prompt",),
        "thumbnail": ("id",),
        "list_playlists": (),
        "play": ("name",),
        "preview": ("sdp",),
        "stop_preview": (),
        "compare": ("on",),
        "subscribe": ("events",),
    }


def test_the_events_and_their_fields():
    fields = {name: tuple(model.model_fields) for name, model in events.EVENTS.items()}
    state = fields.pop("state")
    assert fields == {
        "hello": ("api", "version", "commands", "events"),
        "presets": ("presets",),
        "stats": (
            "fps_camera",
            "fps_model",
            "fps_output",
            "delay_ms",
            "dropped",
            "repeated",
            "session_s",
            "chunk",
        ),
        "log": ("time_s", "level", "logger", "message"),
        "settings": (
            "model",
            "title",
            "words",
            "declared",
            "guessed",
            "takes_camera",
            "prompt",
            "image",
            "schedule",
            "settings",
        ),
    }
    assert set(fields["stats"]) < set(state)
    assert replies.EVENT_NAMES == ("state", "presets", "stats", "log", "settings")
    assert messages.API_VERSION == 1


def test_the_reply_codes():
    assert [str(code) for code in messages.ReplyCode] == [
        "parse_error",
        "invalid_request",
        "unknown_command",
        "invalid_data",
        "not_found",
        "not_ready",
        "rejected",
        "rate_limited",
        "internal",
    ]


def test_the_reply_data():
    assert {name: published(model.reply) for name, model in messages.COMMANDS.items()} == {
        "get_state": "State",
        "list_presets": "Presets",
        "set_prompt": "Applied",
        "apply_preset": "AppliedPreset",
        "step_preset": "AppliedPreset",
        "pause": "Applied",
        "resume": "Applied",
        "reset": "Applied",
        "set_seed": "Applied",
        "set_anchor_interval": "Applied",
        "list_settings": "ModelSettings",
        "set_setting": "Applied",
        "set_image": "Applied",
        "schedule_prompt": "Applied",
        "blank": "Switched",
        "freeze": "Switched",
        "bypass": "Switched",
        "list_microphones": "Microphones",
        "set_voice": "VoiceSwitched",
        "set_transition": "TransitionSet",
        "connect": "Applied",
        "disconnect": "Applied",
        "renew": "Applied",
        "usage": "Usage",
        "snapshot": "Picture",
        "clip": "ClipSaved",
        "record": "RecordSwitched",
        "save_preset": "Preset",
        "try_look": "Applied",
        "end_trial": "Nothing",
        "rehearse": "Applied",
        "take": "Applied",
        "back": "Applied",
        "remove_preset": "Preset",
        "move_preset": "Presets",
        "reset_presets": "Presets",
        "export_presets": "ExportedPresets",
        "inspect_presets": "InspectedPresets",
        "import_presets": "ImportedPresets",
        "forget_presets": "Nothing",
        "suggest": "Suggestions",
        "thumbnail": "Picture",
        "list_playlists": "Playlists",
        "play": "Playing",
        "preview": "PreviewAnswer",
        "stop_preview": "Nothing",
        "compare": "Switched",
        "subscribe": "Subscribed",
    }


def test_every_word_is_described_for_help_and_docs():
    models = {*messages.COMMANDS.values(), *events.EVENTS.values()}
    models |= {model.reply for model in messages.COMMANDS.values()}
    for model in models:
        assert model.__doc__, model
        assert model.model_config.get("frozen") is True, model
        assert model.model_config.get("extra") == "forbid", model
        for name, field in model.model_fields.items():
            assert field.description, f"{model.__name__}.{name}"
    for model in messages.COMMANDS.values():
        assert "\n" not in typing.cast("str", model.__doc__)
        assert all(field.examples for field in model.model_fields.values()), model


def test_the_limits():
    assert requests.PATH == "/ws"
    assert limits.MAX_CLIENTS == 32
    assert limits.MAX_MESSAGE_BYTES == 65536
    assert (limits.MESSAGES_HZ, limits.MESSAGES_BURST) == (50, 100)
    assert (limits.FILES_HZ, limits.FILES_BURST) == (200, 400)
    assert limits.STATE_EVERY_S == 0.05
    assert limits.STATS_EVERY_S == 1.0
