"""What a MIDI controller says, and what it stands for."""

HEAR = """
    const { heard, controlWords } = await import("./padwords.js");
    return given.map((data) => {
        const message = heard("LPD8", data);
        return message && [controlWords(message.control), message.value, message.knob];
    });
"""
PRESS = """
    const { isPress } = await import("./padwords.js");
    return given.map(([knob, value, before]) => isPress({ knob, value }, before));
"""
TURN = """
    const { valueAt, valueAfter, isTurnable } = await import("./padwords.js");
    return given.map((setting) => {
        if (!isTurnable(setting)) return null;
        const values = [0, 64, 127].map((position) => valueAt(setting, position));
        return [values, valueAfter(setting) ?? null];
    });
"""
READ = """
    const { readMapping } = await import("./padwords.js");
    return given.map(readMapping);
"""
BARE = {"name": "x", "kind": "number", "choices": [], "least": None, "most": None, "value": None}


def test_messages_of_pads_and_knobs(evaluate):
    messages = {
        (0x90, 36, 100): ["C2 of LPD8", 100, False],
        (0x99, 61, 1): ["C♯4 of LPD8, channel 10", 1, False],
        (0x90, 36, 0): None,
        (0x80, 36, 64): None,
        (0xB0, 21, 0): ["knob 21 of LPD8", 0, True],
        (0xB0, 123, 0): None,
        (0xC1, 4): ["program 5 of LPD8, channel 2", 127, False],
        (0xE0, 0, 64): None,
        (0xF8,): None,
        (): None,
    }
    assert evaluate(HEAR, [list(data) for data in messages]) == list(messages.values())


def test_a_control_that_is_a_button_presses_as_it_goes_down(evaluate):
    presses = {
        (False, 1, None): True,
        (True, 127, None): True,
        (True, 127, 0): True,
        (True, 127, 127): False,
        (True, 0, 127): False,
        (True, 63, 0): False,
    }
    assert evaluate(PRESS, [list(press) for press in presses]) == list(presses.values())


def test_what_a_knob_turns_and_a_pad_steps_through(evaluate):
    words = {"kind": "text", "choices": ["1x", "2x", "4x"], "value": "4x"}
    settings = [
        ({"least": 0, "most": 1}, [[0, 0.5, 1], None]),
        ({"least": -1, "most": 1}, [[-1, 0, 1], None]),
        ({"kind": "integer", "least": 1, "most": 9}, [[1, 5, 9], None]),
        (words, [["1x", "2x", "4x"], "1x"]),
        (words | {"value": None}, [["1x", "2x", "4x"], "1x"]),
        ({"kind": "boolean"}, [[False, True, True], True]),
        ({"kind": "boolean", "value": True}, [[False, True, True], False]),
        ({"name": "seed", "kind": "integer", "least": 0, "most": 9}, None),
        ({"least": 0}, None),
        ({"kind": "text"}, None),
    ]
    assert evaluate(TURN, [BARE | setting for setting, _ in settings]) == [
        expected for _, expected in settings
    ]


def test_only_a_mapping_is_taken_from_what_was_remembered(evaluate):
    good = {'["LPD8","note",1,36]': {"kind": "key", "id": "blank-button"}}
    bad = {
        "no JSON": {"kind": "key", "id": "x"},
        '["LPD8","note",1]': {"kind": "key", "id": "x"},
        '["LPD8","dial",1,2]': {"kind": "key", "id": "x"},
        '["LPD8","cc",1,2]': {"kind": "command", "id": "x"},
        '["LPD8","cc",1,3]': None,
        '["LPD8","cc",1,4]': {"kind": "look", "id": 7},
    }
    many = {f'["","cc",1,{n}]': {"kind": "look", "id": "noir"} for n in range(300)}
    read = evaluate(READ, [good | bad, None, 7, "text", [1], many])
    assert read[:5] == [good, {}, {}, {}, {}]
    assert len(read[5]) == 256
