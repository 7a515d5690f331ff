"""What each state means in words: the title, the sentence, money, the prompt, the delay."""

import pytest

LIVE = {
    "output": "live",
    "card": None,
    "session": "streaming",
    "session_wanted": True,
    "hold": "automatic",
    "camera": "capturing",
    "paused": False,
    "prompt": "noir",
    "model_prompt": "noir",
    "session_s": 12.0,
}

SAY = """
    const words = await import("./words.js");
    return given.map(([name, ...values]) => words[name](...values));
"""


def model(link="open", **changes):
    return {"link": link, "state": LIVE | changes}


def one(evaluate, name, *values):
    return evaluate(SAY, [[name, *values]])[0]


TITLES = [
    (model(), "Live"),
    (model(output="blank"), "Black"),
    (model(output="freeze"), "Still"),
    (model(output="bypass"), "Raw camera"),
    (model(output="slate", card="One moment"), "Card · No picture"),
    (model(output="slate", session="waiting"), "Card · Waiting for a GPU"),
    (model(output="slate", session="backoff", next_try_in_s=9.0), "Card · Trying again soon"),
    (model("silent"), "Not known"),
    (model("offline"), "Not known · Offline"),
    (model("refused"), "Not known · Not let in"),
    ({"link": "open", "state": None}, "Not known · Opening"),
]


def test_the_title_says_what_viewers_see(evaluate):
    said = evaluate(SAY, [["titleWords", one] for one, _ in TITLES])
    assert said == [title for _, title in TITLES]


def test_nothing_is_called_billed_where_a_session_is_free(evaluate):
    sessions = [
        "idle", "connecting", "waiting", "starting", "streaming",
        "paused", "reconnecting", "backoff", "refused", "closing",
    ]  # fmt: skip
    free, costly = (
        [
            model(
                session=session, output=output, session_wanted=wanted, paused=paused, billable=paid
            )
            for session in sessions
            for output in ("live", "slate", "blank")
            for wanted in (True, False)
            for paused in (True, False)
        ]
        for paid in (False, True)
    )
    said = evaluate(SAY, [["sentence", one] for one in free])
    assert [sentence for sentence in said if "bill" in sentence.lower()] == []
    assert all("  " not in sentence and ".." not in sentence for sentence in said)
    told = " ".join(evaluate(SAY, [["sentence", one] for one in costly]))
    assert "goes on and is billed" in told
    assert "costs nothing" not in told
    # An older daemon does not say; that is no promise.
    older = one(evaluate, "sentence", model(output="blank"))
    assert older == "Viewers see black. The session goes on and is billed."


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({}, "Viewers see you, edited."),
        ({"prompt": "", "model_prompt": ""}, "Viewers see you through the model, with no prompt."),
        ({"model_prompt": "", "image": "cape.png"}, "Viewers see you, edited."),
        ({"model_prompt": None}, "Viewers see you, edited."),
        ({"output": "bypass"}, "Viewers see the raw camera, not edited."),
        ({"viewers_see": "the test scene, edited"}, "Viewers see the test scene, edited."),
        (
            {"viewers_see": "the test scene, edited", "model_prompt": ""},
            "Viewers see the test scene through the model, with no prompt.",
        ),
        (
            {"output": "bypass", "viewers_see": "the test scene, not edited", "model_prompt": ""},
            "Viewers see the test scene, not edited.",
        ),
        (
            {"output": "blank", "viewers_see": "black", "no_picture_s": 4.0, "billable": False},
            "Viewers see black. No picture comes from the model. The session goes on. It costs",
        ),
    ],
)
def test_what_viewers_see_is_not_more_than_is_so(evaluate, changes, sentence):
    assert one(evaluate, "sentence", model(**changes)).startswith(sentence)


PROMPTS = [
    (model(), 9000, "Active"),
    (model(), 900, "With the model; viewers see it in a moment"),
    (model(glass_ms=800), 900, "Active"),
    (model(glass_ms=3000), 2000, "With the model; viewers see it in a moment"),
    (model(model_prompt="oil"), 9000, "On its way to the model…"),
    (model(prompt="", model_prompt=""), 9000, "No prompt"),
    (model(session="paused"), 9000, "Shown when you resume"),
    (model(session="starting"), 9000, "Shown with the first picture"),
    (model(session="reconnecting"), 9000, "Shown when the picture is back"),
    (model(session="idle"), 9000, "Used when a session runs"),
    (model(session="waiting", prompt=""), 9000, ""),
    (model(output="slate"), 9000, "With the model; no picture comes from it"),
    (model("offline"), 9000, ""),
    (model("refused"), 9000, ""),
    (model("silent"), 9000, ""),
]


def test_a_prompt_is_called_active_only_once_viewers_can_see_it(evaluate):
    said = evaluate(SAY, [["promptWords", one, taken_ms] for one, taken_ms, _ in PROMPTS])
    assert said == [words for _, _, words in PROMPTS]


DELAYS = [
    ({"glass_ms": 2140, "glass_confidence": 1.0}, ["about 2 s", "quite likely"]),
    ({"glass_ms": 2760, "glass_confidence": 0.4}, ["about 3 s", "a first guess"]),
    ({"glass_ms": 2600}, ["about 2.5 s", "camera to viewers"]),
    ({"glass_ms": 40, "glass_confidence": None}, ["about 0.5 s", "camera to viewers"]),
    (
        {"glass_ms": 2900, "glass_low_ms": 2450, "glass_high_ms": 3310, "glass_confidence": 1.0},
        ["about 3 s", "2.5 \N{EN DASH} 3.3 s"],
    ),
]


def test_a_delay_is_never_more_exact_than_it_is(evaluate):
    said = evaluate(SAY, [["delayWords", fields] for fields, _ in DELAYS])
    assert said == [words for _, words in DELAYS]


SENTENCES = [
    ("the camera is busy: close Zoom", "The camera is busy: close Zoom"),
    ("http://127.0.0.1:9 cannot open a session", "http://127.0.0.1:9 cannot open a session"),
    ("sana-vcam cannot be reached now", "sana-vcam cannot be reached now"),
    ("config.toml, line 3: not TOML", "config.toml, line 3: not TOML"),
    ("/dev/video0 is busy", "/dev/video0 is busy"),
    ("v4l2loopback is not loaded", "v4l2loopback is not loaded"),
    ("reactor.api_key is wrong", "reactor.api_key is wrong"),
    ("preset 'noir': too long", "Preset 'noir': too long"),
    ("", ""),
]


def test_names_and_addresses_keep_their_letters(evaluate):
    said = evaluate(SAY, [["asSentence", text] for text, _ in SENTENCES])
    assert said == [words for _, words in SENTENCES]


def test_a_switch_that_another_hides_says_so(evaluate):
    all_on = {"blank": True, "freeze": True, "bypass": True}
    given = [
        ("blank", all_on), ("freeze", all_on), ("bypass", all_on),
        ("freeze", all_on | {"blank": False}), ("bypass", all_on | {"blank": False}),
    ]  # fmt: skip
    said = evaluate(SAY, [["hiddenBelow", state, name] for name, state in given])
    assert said == [None, "Blank", "Blank", None, "Freeze"]


def test_one_fault_is_known_again_by_its_words(evaluate):
    pairs = [
        ["no GPU is free; next try in 8 s", "no GPU is free; next try in 5.5 s"],
        ["Config.toml, line 3: not TOML", "config.toml, line 3: not TOML; mend it"],
        ["no GPU is free", "the key was refused"],
        ["", "the key was refused"],
    ]
    body = """
        const { isSameFault } = await import("./notices.js");
        return given.map(([one, other]) => isSameFault(one, other));
    """
    assert evaluate(body, pairs) == [True, True, False, False]
