"""`sana-vcam man`: the manual page, in the language of man(7), made from the parsers."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime

from sana_vcam import __version__
from sana_vcam.app.wordtree import Branch, FlagWord
from sana_vcam.errors import EXIT_OK
from sana_vcam.lib.screen import is_terminal

NAME = "sana-vcam"
SECTION = "1"
ABOUT = "a webcam that a generative model edits live"

FILES = (
    ("~/.config/sana-vcam/config.toml", "the configuration; else /etc/sana-vcam/config.toml"),
    ("~/.config/sana-vcam/presets.toml", "the presets, once they were edited by a program"),
    ("~/.local/state/sana-vcam/", "what was billed, the ids of open sessions, the token, stills"),
    ("$XDG_RUNTIME_DIR/sana-vcam/control.json", "where a daemon listens, and its token"),
)
ENVIRONMENT = (
    ("REACTOR_API_KEY", "the API key; never a flag, which others could read"),
    ("SANA_VCAM_SECTION__KEY", "any key of the configuration, such as SANA_VCAM_SINK__KIND=raw"),
    ("SANA_VCAM_CONTROL__TOKEN", "the token of a daemon elsewhere, for ctl --url"),
    ("NO_COLOR", "no colours, if it is not empty"),
    ("FORCE_COLOR, CLICOLOR_FORCE", "colours in a pipe as well"),
)
STATUS = (
    ("0", "done, or stopped as asked"),
    ("1", "refused, or failed"),
    ("2", "wrong usage"),
    ("78", "wrong configuration"),
)


def page(tree: Branch) -> str:
    """Write the page of all commands."""
    lines = [*_head(), *_body(tree), *_tail()]
    return "\n".join(lines) + "\n"


def show(text: str) -> int:
    """Show the page by man(1) on a terminal, else print it; gives the exit status."""
    if is_terminal(sys.stdout) and (man := shutil.which("man")):
        # The reader's own choice of pager and fonts counts.
        return subprocess.run([man, "-l", "-"], input=text.encode(), check=False).returncode
    print(text, end="")
    return EXIT_OK


def _head() -> Iterator[str]:
    # Packages that are built twice have to be the same: reproducible-builds.org.
    stamp = os.environ.get("SOURCE_DATE_EPOCH", "")
    when = datetime.fromtimestamp(int(stamp), UTC) if stamp.isdecimal() else datetime.now(UTC)
    title = NAME.upper().replace("-", r"\-")
    yield f'.TH {title} {SECTION} {when:%Y-%m-%d} "{NAME} {__version__}" "User commands"'
    yield ".SH NAME"
    yield rf"{_text(NAME)} \- {_text(ABOUT)}"
    yield ".SH SYNOPSIS"
    yield rf"\fB{_text(NAME)}\fR \fICOMMAND\fR [\fIOPTION\fR]..."


def _body(tree: Branch) -> Iterator[str]:
    yield ".SH DESCRIPTION"
    yield from _prose(tree.parser.description or "")
    yield from _literal(tree.parser.epilog or "")
    yield ".SH OPTIONS"
    yield from _flags(tree.flags)
    yield ".SH COMMANDS"
    for path, branch in tree.walk():
        if path:
            yield from _command(path, branch)


def _command(path: tuple[str, ...], branch: Branch) -> Iterator[str]:
    yield f'.SS "{_text(" ".join((NAME, *path)))}"'
    usage = " ".join(branch.parser.format_usage().split()).removeprefix("usage: ")
    yield rf"\fB{_text(usage)}\fR"
    about = branch.parser.description or f"{branch.about[:1].upper()}{branch.about[1:]}."
    yield ".PP"
    yield from _prose(about)
    own = [flag for flag in branch.flags if "--help" not in flag.names]
    yield from _flags(own)
    yield from _literal(branch.parser.epilog or "")


def _flags(flags: tuple[FlagWord, ...] | list[FlagWord]) -> Iterator[str]:
    for flag in flags:
        names = ", ".join(rf"\fB{_text(name)}\fR" for name in flag.names)
        known = flag.values.words if flag.values is not None and not flag.values.unfinished else ()
        yield ".TP"
        yield names if flag.values is None else rf"{names} \fI{_text(flag.placeholder)}\fR"
        is_said = all(word in flag.about for word in known)
        one_of = "" if is_said else f" (one of {', '.join(known)})"
        yield from _prose(f"{flag.about or 'see above'}{one_of}")


def _tail() -> Iterator[str]:
    for title, rows in (("FILES", FILES), ("ENVIRONMENT", ENVIRONMENT), ("EXIT STATUS", STATUS)):
        yield f'.SH "{title}"'
        for name, about in rows:
            yield ".TP"
            yield rf"\fB{_text(name)}\fR"
            yield from _prose(about)
    yield '.SH "SEE ALSO"'
    yield r"\fBv4l2\-ctl\fR(1), \fBsystemctl\fR(1)"


def _prose(text: str) -> Iterator[str]:
    """Yield the lines of a text that is filled; an empty line begins a paragraph."""
    for number, part in enumerate(text.strip().split("\n\n")):
        if number:
            yield ".PP"
        yield from (_line(line.strip()) for line in part.split("\n") if line.strip())


def _literal(text: str) -> Iterator[str]:
    """Yield a text whose line breaks and columns stay."""
    if text.strip():
        yield from (".PP", ".nf")
        yield from (_line(line.rstrip()) if line.strip() else ".sp" for line in text.split("\n"))
        yield ".fi"


def _line(text: str) -> str:
    """Escape a line; one that begins like a request is none."""
    escaped = _text(text)
    return rf"\&{escaped}" if escaped.startswith((".", "'")) else escaped


def _text(text: str) -> str:
    """Escape what roff would read: backslashes, and hyphens that are typed as such."""
    for plain, roff in (
        ("\\", r"\e"),
        ("-", r"\-"),
        ('"', r"\(dq"),
        ("`", r"\(ga"),
        ("~", r"\(ti"),
    ):
        text = text.replace(plain, roff)
    return text.replace("^", r"\(ha").replace("'", r"\(aq")
