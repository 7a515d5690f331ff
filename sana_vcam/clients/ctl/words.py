"""What `sana-vcam ctl --help` says, made from the commands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pydantic.fields import FieldInfo

from sana_vcam.clients.ctl.shortwords import OWN_WORDS, SHORT_WORDS, USAGE
from sana_vcam.control.protocol import messages

_ABOUT: Mapping[str, str] = {
    "next": "Go to the next preset.",
    "previous": "Go to the previous preset.",
    "image": "Show the model a reference image; without a file it has none any more.",
}
"""What a word does, where it is not what its command's docstring says."""

_ELSEWHERE = ("save_preset", "remove_preset", "move_preset", "reset_presets")
"""Commands that `sana-vcam presets` has, with flags instead of one long line."""

EXAMPLES = """\
examples:
  sana-vcam ctl prompt "as a clay figure"
  sana-vcam ctl preset noir
  sana-vcam ctl next
  sana-vcam ctl blank             black for viewers, or back again
  sana-vcam ctl blank on
  sana-vcam ctl play warm-up      one look after the other; also next, stop
  sana-vcam ctl voice on          the microphone as late as the picture
  sana-vcam ctl seed 42           takes effect at: sana-vcam ctl reset
  sana-vcam ctl settings          what the model takes
  sana-vcam ctl set image_strength 0.6
  sana-vcam ctl image cape.jpg
  sana-vcam ctl snapshot now.jpg  or .png, .webp
  sana-vcam ctl clip 20           the last 20 seconds that viewers saw, as a file
  sana-vcam ctl state --json
  sana-vcam ctl watch             one line for each change, until Ctrl-C
  sana-vcam ctl connect --wait    come back once the model's picture is there
  sana-vcam ctl wait live --timeout 60
  sana-vcam ctl open              the dashboard, in a browser
  sana-vcam ctl token --rotate    when somebody has seen the old one

exit codes: 0 done, 1 refused, timed out or no daemon, 2 wrong usage
"""

_OPTIONS = """\
options:
  -h, --help  show this help and exit
  --json      print the reply as JSON
  --url URL   a daemon elsewhere, as `ctl url` prints it there; a token that is not in the
              address is in SANA_VCAM_CONTROL__TOKEN
"""


def help_text() -> str:
    """Write `sana-vcam ctl --help`."""
    return (
        f"{USAGE}\n\nSend one command to the running daemon.\n\n{_OPTIONS}\n"
        f"commands:\n{command_list()}\n\n{EXAMPLES}"
    )


def command_list() -> str:
    """Write each word with what follows it and what it does."""
    return "\n".join(f"  {usage:<24} {about}" for usage, about in usages().values())


def usages() -> dict[str, tuple[str, str]]:
    """List each word in the order of the help, with how it is typed and what it does."""
    return {word: (_usage(word), _about(word)) for word in _command_words()} | dict(OWN_WORDS)


def _command_words() -> Iterator[str]:
    left_out = {line.partition(" ")[0] for line in SHORT_WORDS.values()}
    left_out |= messages.BOUND_TO_A_CONNECTION | set(_ELSEWHERE)
    yield from SHORT_WORDS
    yield from (name for name in messages.COMMANDS if name not in left_out)


def _usage(word: str) -> str:
    """Write a word with what follows it: `seed SEED`, `blank [on|off]`."""
    model = messages.COMMANDS.get(SHORT_WORDS.get(word, word))
    if word == "image":
        return "image [FILE]"
    if word == "rehearse":
        return "rehearse [PRESET]"
    if word == "clip":
        return "clip [SECONDS] [--gif]"
    if word == "record":
        return "record [start|stop]"
    if word == "voice":
        return "voice [on|off] [--microphone NAME]"
    fields = model.model_fields.items() if model else ()
    values = [_value_usage(name, field) for name, field in fields]
    more = {"snapshot": ["[FILE]"], "connect": ["[--wait]"], "presets": ["[--ids]"]}.get(word, [])
    return " ".join([word, *values, *more])


def _value_usage(name: str, field: FieldInfo) -> str:
    if field.is_required():
        return name.upper()
    return "[on|off]" if field.annotation == bool | None else f"[{name.upper()}]"


def _about(word: str) -> str:
    return _ABOUT.get(word) or messages.COMMANDS[SHORT_WORDS.get(word, word)].__doc__ or ""
