"""Vidu S2-Editing: an editor that is shown a picture of what you are to become.

It takes no prompt. Commands, phases and reasons are those of its public example; the size was
measured by the authors of the platform's ComfyUI plugin.
"""

from sana_vcam.reactor.models.record import (
    IMAGE,
    Combination,
    ImageSlot,
    Model,
    Setting,
    StateFields,
)

_FIELDS = {IMAGE: "reference_image", "editing_type": "editing_type"}

VIDU = Model(
    name="reactor/vidu-s2-editing",
    title="Vidu S2-Editing",
    words="Edits the camera's picture after a reference image: a character, a garment, a style, "
    "or a place.",
    adapter="armed",
    aliases=("vidu-s2-editing", "vidu"),
    send_size=(1280, 720),
    output_size=(952, 544),
    largest_chunk=4,
    prompt=None,
    image=ImageSlot(command=None, required=True),
    settings=(
        Setting(
            "editing_type",
            None,
            "editing_type",
            "text",
            choices=(
                "subject_replacement",
                "virtual_tryon",
                "style_transfer",
                "background_replacement",
            ),
            default="style_transfer",
            words="What the reference image stands for.",
        ),
    ),
    combinations=(
        Combination("start_edit", _FIELDS, when="begin"),
        Combination("switch_reference", _FIELDS, when="change", answers=("reference_switched",)),
    ),
    start=None,
    pause=None,
    resume=None,
    reset="end_edit",
    state=StateFields(
        message="session_state",
        command="get_state",
        running="phase",
        running_values=("live", "warming_up", "starting", "ending"),
        shows="video_receiving",
        paused=None,
        prompt=None,
        chunk_message=None,
        ended_values=("ended", "failed"),
        ended_messages=(),
        reason="end_reason",
        final=("content_policy",),
    ),
    price_per_min=0.42,
)
