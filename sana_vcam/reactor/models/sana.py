"""SANA-Streaming: a live editor that follows a prompt, in both generations of its wire.

Until 0.1.12 of the typed package the source had to be chosen by `set_mode`; since 2.0 the model is
live-only. Which one answers is told by what its session declares.
"""

from sana_vcam.reactor.models.record import SEED, Model, Setting, StateFields

SANA = Model(
    name="reactor/sana-streaming",
    title="SANA-Streaming",
    words="Edits the camera's picture by a prompt, in chunks of 24 frames.",
    aliases=("sana-streaming", "sana"),
    settings=(
        SEED,
        Setting(
            "anchor_interval",
            "set_anchor_interval",
            "chunks",
            "integer",
            least=0,
            most=10_000,
            default=20,
            state_field="anchor_interval",
            words="Chunks until the edit is grounded on the camera again; 0 is never.",
        ),
    ),
    # A clip that came to its end, or a reset, is seen by the state that follows.
    state=StateFields(ended_messages=()),
    opening=(("set_mode", {"mode": "live"}),),
    anchor="anchor_interval",
    anchor_message="anchored",
    price_per_min=0.10,
)
