"""X2: a live editor that begins by itself, as soon as frames and a prompt are there.

Its sizes were measured on cloud sessions by the authors of the platform's ComfyUI plugin; commands
and messages are those of its public example (release 1.0.0 and later has no `command_error`).
"""

from sana_vcam.reactor.models.record import ImageSlot, Model, Prompt, Setting, StateFields

X2 = Model(
    name="xmax/x2",
    title="X2",
    words="Edits the camera's picture by a prompt and a reference image, in blocks of 4 frames.",
    adapter="armed",
    aliases=("x2", "reactor/x2"),
    input_track="source",
    send_size=(832, 468),
    send_multiple=4,
    output_size=None,
    largest_chunk=4,
    prompt=Prompt(most=1000, without="Keep the video exactly as it is."),
    image=ImageSlot(),
    settings=(
        Setting(
            "keep_backlog",
            "set_keep_backlog",
            "keep_backlog",
            "boolean",
            default=False,
            state_field="keep_backlog",
            words="true: no frame is left out, and the picture comes later and later.",
        ),
        Setting(
            "pointer_x",
            "set_pointer_x",
            "pointer_x",
            "number",
            least=0,
            most=1,
            state_field="pointer_x",
            words="Where the pointer is, from the left, as a share of the width.",
        ),
        Setting(
            "pointer_y",
            "set_pointer_y",
            "pointer_y",
            "number",
            least=0,
            most=1,
            state_field="pointer_y",
            words="Where the pointer is, from the top, as a share of the height.",
        ),
        Setting(
            "pointer_active",
            "set_pointer_active",
            "pointer_active",
            "boolean",
            state_field="pointer_active",
            words="Whether the pointer pulls at the subject.",
        ),
    ),
    opening=(("set_keep_backlog", {"keep_backlog": False}),),
    start=None,
    pause=None,
    resume=None,
    state=StateFields(
        message="state_update",
        running="generating",
        paused=None,
        prompt="prompt",
        chunk_message=None,
        ended_messages=("generation_stopped",),
        going_on=("reference_image_changed", "reset"),
    ),
)
