"""What the page says of the delayed microphone: both delays side by side, and why it is silent."""

import pytest

HEARD = {
    "on": True,
    "state": "heard",
    "microphone": "alsa_input.headset",
    "delay_ms": 1565,
    "target_ms": 1565,
    "listeners": True,
    "level_dbfs": -20.0,
    "error": None,
}
SAY = """
    const { noteOf } = await import("./voice.js");
    return noteOf(given);
"""


@pytest.mark.parametrize(
    ("voice", "glass_ms", "says"),
    [
        (None, 1500, "your voice is not delayed"),
        (HEARD | {"on": False, "state": "off"}, 1500, "your voice is not delayed"),
        (HEARD, 1500, "heard 1.6 s late, the picture 1.5 s"),
        (HEARD, None, "heard 1.6 s late, the picture's delay is not known"),
        (
            HEARD | {"state": "asleep"},
            1500,
            "no application listens; 1.6 s late, the picture 1.5 s",
        ),
        (HEARD | {"state": "silent"}, 1500, "nobody hears you; 1.6 s late, the picture 1.5 s"),
        (HEARD | {"state": "failed", "error": "it is gone"}, 1500, "silence: it is gone"),
        (HEARD | {"state": "opening"}, None, "about to be heard"),
    ],
)
def test_the_key_says_how_the_voice_is(evaluate, voice, glass_ms, says):
    assert evaluate(SAY, {"voice": voice, "glass_ms": glass_ms}) == says


@pytest.mark.parametrize(
    ("picked", "shown"),
    [
        ("", [["", "Choose a microphone"], ["a", "Headset"]]),
        ("a", [["a", "Headset"]]),
        ("b", [["a", "Headset"], ["b", "b (not there now)"]]),
    ],
)
def test_the_list_has_the_microphone_that_was_picked(evaluate, picked, shown):
    body = """
        const { optionsOf } = await import("./voice.js");
        return optionsOf([{ name: "a", description: "Headset" }], given);
    """
    assert evaluate(body, picked) == shown
