"""What people type after `sana-vcam ctl`; loads nothing, for a press of a key."""

from __future__ import annotations

SHORT_WORDS: dict[str, str] = {
    "state": "get_state",
    "presets": "list_presets",
    "prompt": "set_prompt",
    "preset": "apply_preset",
    "next": "step_preset by=1",
    "previous": "step_preset by=-1",
    "seed": "set_seed",
    "anchor": "set_anchor_interval",
    "settings": "list_settings",
    "set": "set_setting",
    "image": "set_image",
    "schedule": "schedule_prompt",
}
"""What people type, and the line that it stands for; all other commands are typed by name."""

USAGE = "usage: sana-vcam ctl [-h] [--json] [--url URL] [COMMAND [VALUE] ...]"
