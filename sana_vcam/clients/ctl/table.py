"""What `sana-vcam ctl` knows of the commands without loading their models.

Written by `python -m sana_vcam.docs.generate`; do not edit.
"""

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
}
WORDS: tuple[str, ...] = (
    "state",
    "presets",
    "prompt",
    "preset",
    "next",
    "previous",
    "seed",
    "anchor",
    "pause",
    "resume",
    "reset",
    "blank",
    "freeze",
    "bypass",
    "connect",
    "disconnect",
    "renew",
    "usage",
    "snapshot",
    "suggest",
    "thumbnail",
    "watch",
    "url",
    "token",
)
type Field = tuple[str, str, int, int, bool]
FIELDS: dict[str, Field | None] = {
    "get_state": None,
    "list_presets": None,
    "set_prompt": ("prompt", "text", 0, 4000, True),
    "apply_preset": ("id", "text", 0, 64, True),
    "step_preset": ("by", "integer", -1000, 1000, False),
    "pause": None,
    "resume": None,
    "reset": None,
    "set_seed": ("seed", "integer", 0, 9007199254740991, True),
    "set_anchor_interval": ("chunks", "integer", 0, 10000, True),
    "blank": ("on", "switch", 0, 1, False),
    "freeze": ("on", "switch", 0, 1, False),
    "bypass": ("on", "switch", 0, 1, False),
    "connect": None,
    "disconnect": None,
    "renew": None,
    "usage": None,
    "snapshot": None,
    "remove_preset": ("id", "text", 0, 64, True),
    "reset_presets": None,
    "thumbnail": ("id", "text", 0, 64, True),
    "preview": ("sdp", "text", 0, 32000, True),
    "stop_preview": None,
}
REPLIES: dict[str, str] = {
    "get_state": "State",
    "list_presets": "Presets",
    "set_prompt": "Nothing",
    "apply_preset": "Preset",
    "step_preset": "Preset",
    "pause": "Nothing",
    "resume": "Nothing",
    "reset": "Nothing",
    "set_seed": "Nothing",
    "set_anchor_interval": "Nothing",
    "blank": "Switched",
    "freeze": "Switched",
    "bypass": "Switched",
    "connect": "Nothing",
    "disconnect": "Nothing",
    "renew": "Nothing",
    "usage": "Usage",
    "snapshot": "Picture",
    "save_preset": "Preset",
    "remove_preset": "Preset",
    "move_preset": "Presets",
    "reset_presets": "Presets",
    "suggest": "Suggestions",
    "thumbnail": "Picture",
    "preview": "PreviewAnswer",
    "stop_preview": "Nothing",
    "subscribe": "Subscribed",
}
COMMANDS = """\
  state                    Read the full state.
  presets                  List the presets in their order.
  prompt PROMPT            Ask the model for a look in words; empty stays close to the camera.
  preset ID                Ask for a preset's look.
  next                     Go to the next preset.
  previous                 Go to the previous preset.
  seed SEED                Set the model's noise seed; it takes effect at the next reset.
  anchor CHUNKS            Set how often the edit is grounded on the camera again.
  pause                    Pause the model after the current chunk; the session is still billed.
  resume                   Go on after a pause.
  reset                    Begin the run anew; a new seed takes effect.
  blank [on|off]           Show viewers black, at once, with or without a network.
  freeze [on|off]          Show viewers a still picture.
  bypass [on|off]          Show viewers the raw camera, if the configuration allows it.
  connect                  Want a (paid) session; tries again after a refusal.
  disconnect               Want no session; the open one is closed.
  renew                    Switch to a fresh session without a break; for a moment both are billed.
  usage                    Read what is billed: the session, the day, the month, caps and money.
  snapshot [FILE]          Take a picture of what viewers see now.
  suggest [PROMPT]         Suggest how a look may go on, without any network.
  thumbnail ID             Get the still of you in a preset's look, 320x180.
  watch                    Print each change of the state, until Ctrl-C.
  url                      Print the addresses with the token, for clients that take nothing else.
  token [--rotate]         Print the token, or replace it by a new one."""
USAGE = """\
usage: sana-vcam ctl [-h] [--json] [--url URL] [COMMAND [VALUE] ...]"""
HELP = """\
usage: sana-vcam ctl [-h] [--json] [--url URL] [COMMAND [VALUE] ...]

Send one command to the running daemon.

options:
  -h, --help  show this help and exit
  --json      print the reply as JSON
  --url URL   a daemon elsewhere; its token is in SANA_VCAM_CONTROL__TOKEN

commands:
  state                    Read the full state.
  presets                  List the presets in their order.
  prompt PROMPT            Ask the model for a look in words; empty stays close to the camera.
  preset ID                Ask for a preset's look.
  next                     Go to the next preset.
  previous                 Go to the previous preset.
  seed SEED                Set the model's noise seed; it takes effect at the next reset.
  anchor CHUNKS            Set how often the edit is grounded on the camera again.
  pause                    Pause the model after the current chunk; the session is still billed.
  resume                   Go on after a pause.
  reset                    Begin the run anew; a new seed takes effect.
  blank [on|off]           Show viewers black, at once, with or without a network.
  freeze [on|off]          Show viewers a still picture.
  bypass [on|off]          Show viewers the raw camera, if the configuration allows it.
  connect                  Want a (paid) session; tries again after a refusal.
  disconnect               Want no session; the open one is closed.
  renew                    Switch to a fresh session without a break; for a moment both are billed.
  usage                    Read what is billed: the session, the day, the month, caps and money.
  snapshot [FILE]          Take a picture of what viewers see now.
  suggest [PROMPT]         Suggest how a look may go on, without any network.
  thumbnail ID             Get the still of you in a preset's look, 320x180.
  watch                    Print each change of the state, until Ctrl-C.
  url                      Print the addresses with the token, for clients that take nothing else.
  token [--rotate]         Print the token, or replace it by a new one.

examples:
  sana-vcam ctl prompt "as a clay figure"
  sana-vcam ctl preset noir
  sana-vcam ctl next
  sana-vcam ctl blank             black for viewers, or back again
  sana-vcam ctl blank on
  sana-vcam ctl seed 42           takes effect at: sana-vcam ctl reset
  sana-vcam ctl snapshot now.jpg
  sana-vcam ctl state --json
  sana-vcam ctl watch             one line for each change, until Ctrl-C
  sana-vcam ctl token --rotate    when somebody has seen the old one

exit codes: 0 done, 1 refused or no daemon, 2 wrong usage
"""
