"""Helios: a model without a camera, which makes a moving scene of a prompt and an image.

From its public example; chunk and sizes as its documents and the platform's ComfyUI plugin have
them. What it plays at is not published.
"""

from dataclasses import replace

from sana_vcam.reactor.models.record import (
    IMAGE,
    PROMPT,
    SEED,
    Combination,
    ImageSlot,
    Model,
    Prompt,
    PromptSchedule,
    Setting,
)

HELIOS = Model(
    name="reactor/helios",
    title="Helios",
    words="Makes a scene that never ends, from a prompt and a reference image, without a camera.",
    aliases=("helios",),
    input_track=None,
    output_size=(640, 384),
    largest_chunk=33,
    prompt=Prompt(
        without="A quiet room in soft morning light, seen by a camera that stands still."
    ),
    image=ImageSlot("set_image", "image", answers=("image_accepted", "conditions_ready")),
    settings=(
        replace(
            SEED, least=-1, words="The noise that a run begins with; -1 is another one each time."
        ),
        Setting(
            "image_strength",
            "set_image_strength",
            "image_strength",
            "number",
            least=0,
            most=1,
            state_field="image_strength",
            words="How closely the scene keeps to the image.",
        ),
        Setting(
            "sr_scale",
            "set_sr_scale",
            "sr_scale",
            "text",
            choices=("off", "2x", "4x"),
            default="off",
            state_field="sr_scale",
            words="How much the picture is enlarged.",
        ),
    ),
    combinations=(
        Combination(
            "set_conditioning",
            {PROMPT: "prompt", IMAGE: "image"},
            whole=True,
            answers=("conditions_ready",),
        ),
    ),
    schedule=PromptSchedule(),
)
