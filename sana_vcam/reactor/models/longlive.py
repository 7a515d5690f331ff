"""LongLive-2.0: a model without a camera, which films one shot after the other.

From its public example; chunk sizes as the authors of the platform's ComfyUI plugin measured them.
"""

from sana_vcam.reactor.models.record import (
    SEED,
    Model,
    Prompt,
    PromptSchedule,
    StateFields,
)

LONGLIVE = Model(
    name="reactor/longlive-v2",
    title="LongLive-2.0",
    words="Films one shot after the other from prompts, without a camera.",
    aliases=("longlive-v2", "longlive"),
    input_track=None,
    largest_chunk=32,
    prompt=Prompt(
        "set_shot",
        without="A quiet room in soft morning light, seen by a camera that stands still.",
        answers=("shot_set",),
    ),
    settings=(SEED,),
    schedule=PromptSchedule("schedule_shot", chunk="at_session_chunk", answers=("shot_scheduled",)),
    state=StateFields(chunk="session_chunk"),
)
