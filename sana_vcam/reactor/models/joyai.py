"""JoyAI-Video-Edit: an editor whose prompt, image and seed hold for a whole run.

From the model's own open package (models/joy-video-edit in the platform's cookbook). It runs on
one's own GPU or as a deployment; its name is whatever it was deployed as.
"""

from dataclasses import replace

from sana_vcam.reactor.models.record import (
    SEED,
    ImageSlot,
    Model,
    Prompt,
    StateFields,
    Takes,
)

JOYAI = Model(
    name="reactor/joy-video-edit",
    title="JoyAI-Video-Edit",
    words="Edits the camera's picture by a prompt and a reference image, fixed for a run.",
    aliases=("joy-video-edit", "joyai", "models/joy-video-edit"),
    send_size=(1248, 720),
    output_size=(1248, 720),
    largest_chunk=8,
    prompt=Prompt(most=2000, takes=Takes.RUN),
    image=ImageSlot(takes=Takes.RUN, forgets=False),
    settings=(replace(SEED, default=42, state_field=None),),
    keeps_run=False,
    pause=None,
    resume=None,
    state=StateFields(message="session_state", paused=None, prompt="prompt"),
)
