"""Completion scripts for bash, zsh and fish: tables made of the tree of words, and who reads them.

A script holds all words, so a press of Tab starts nothing; only ids of presets are asked for.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Iterator

from sana_vcam.app.wordtree import Branch, FlagWord, Values

_MOST_ABOUT = 70
IDS = "sana-vcam ctl presets --ids 2>/dev/null"

_BASH = """\
# bash completion for sana-vcam; made by: sana-vcam completion bash
_sana_vcam_words() {{ COMPREPLY=($(compgen -W "$1" -- "$cur")); }}
_sana_vcam_files() {{
    local IFS=$'\\n'
    compopt -o filenames 2>/dev/null
    COMPREPLY=($(compgen -f -- "$cur"))
}}
_sana_vcam_presets() {{ _sana_vcam_words "$({ids})"; }}
_sana_vcam_begun() {{
    compopt -o nospace 2>/dev/null
    _sana_vcam_words "$1"
}}
_sana_vcam() {{
    local cur="${{COMP_WORDS[COMP_CWORD]}}" at="" place=0 before="" i word
    COMPREPLY=()
    for ((i = 1; i < COMP_CWORD; i++)); do
        word="${{COMP_WORDS[i]}}"
        if [[ -n $before ]]; then before=""; continue; fi
        case "$at/$word" in
{walk}
            */-*) ;;
            *) place=$((place + 1)) ;;
        esac
    done
    if [[ -n $before ]]; then
        case "$before" in
{after}
        esac
    elif [[ $cur == -* ]]; then
        case "$at" in
{flags}
        esac
    else
        case "$at:$place" in
{places}
        esac
    fi
}}
complete -F _sana_vcam sana-vcam
"""

_ZSH = """\
#compdef sana-vcam
# zsh completion for sana-vcam; made by: sana-vcam completion zsh
_sana_vcam_words() {{ local -a found=("$@"); _describe -t values value found; }}
_sana_vcam_files() {{ _files; }}
_sana_vcam_presets() {{ local -a found=(${{(f)"$({ids})"}}); compadd -a found; }}
_sana_vcam_begun() {{ compadd -S '' -- "$@"; }}
_sana_vcam() {{
    local cur="$words[CURRENT]" at="" before="" word
    local -i place=0 i
    for ((i = 2; i < CURRENT; i++)); do
        word="$words[i]"
        if [[ -n $before ]]; then before=""; continue; fi
        case "$at/$word" in
{walk}
            (*/-*) ;;
            (*) place+=1 ;;
        esac
    done
    if [[ -n $before ]]; then
        case "$before" in
{after}
        esac
    elif [[ $cur == -* ]]; then
        case "$at" in
{flags}
        esac
    else
        case "$at:$place" in
{places}
        esac
    fi
}}
if [[ $funcstack[1] == _sana-vcam ]]; then _sana_vcam "$@"; else compdef _sana_vcam sana-vcam; fi
"""

_FISH = """\
# fish completion for sana-vcam; made by: sana-vcam completion fish
function __sana_vcam_presets
    {ids}
end
function __sana_vcam_at
    set -l at ""
    set -l place 0
    set -l before ""
    for word in (commandline -opc)[2..]
        if test -n "$before"
            set before ""
            continue
        end
        switch "$at/$word"
{walk}
            case '*/-*'
            case '*'
                set place (math $place + 1)
        end
    end
    test "$at" = "$argv[1]"; or return 1
    test (count $argv) -eq 1; and return 0
    contains -- $place $argv[2..]
end
complete -c sana-vcam -f
{lines}
"""


def bash(tree: Branch) -> str:
    """Write the script for bash."""
    return _BASH.format(
        ids=IDS,
        walk="\n".join(_walk(tree, "            {pattern}) {action} ;;")),
        after="\n".join(_after(tree, "            {pattern}) {action} ;;", _bash_values)),
        flags="\n".join(_flags(tree, "            {pattern}) {action} ;;", _bash_words)),
        places="\n".join(_places(tree, "            {pattern}) {action} ;;", _bash_words)),
    )


def zsh(tree: Branch) -> str:
    """Write the script for zsh, to be sourced or put into a folder of $fpath as _sana-vcam."""
    return _ZSH.format(
        ids=IDS,
        walk="\n".join(_walk(tree, "            ({pattern}) {action} ;;")),
        after="\n".join(_after(tree, "            ({pattern}) {action} ;;", _zsh_values)),
        flags="\n".join(_flags(tree, "            ({pattern}) {action} ;;", _zsh_words)),
        places="\n".join(_places(tree, "            ({pattern}) {action} ;;", _zsh_words)),
    )


def fish(tree: Branch) -> str:
    """Write the script for fish."""
    walk = "\n".join(_walk(tree, "            case {pattern}\n                {action}", _FISH_SET))
    return _FISH.format(ids=IDS, walk=walk, lines="\n".join(_fish_lines(tree)))


SHELLS: dict[str, Callable[[Branch], str]] = {"bash": bash, "zsh": zsh, "fish": fish}


# -- the tables ----------------------------------------------------------------------------------

_SET = ('at="{value}"', 'before="{value}"')
_FISH_SET = ("set at {value}", "set before {value}")


def _walk(tree: Branch, row: str, setting: tuple[str, str] = _SET) -> Iterator[str]:
    """Yield a row for each word that leads deeper, and for each option that a value follows."""
    deeper, taking = setting
    for path, branch in tree.walk():
        at = _at(path)
        if path:
            yield row.format(pattern=shlex.quote(at), action=deeper.format(value=at))
        for flag in branch.flags:
            if flag.values is not None:
                for name in flag.names:
                    word = f"{at}/{name}"
                    action = taking.format(value=f"{at}/{flag.names[-1]}")
                    yield row.format(pattern=shlex.quote(word), action=action)


def _after(tree: Branch, row: str, write: Callable[[Values], str]) -> Iterator[str]:
    for path, branch in tree.walk():
        for flag in branch.flags:
            if flag.values is not None and (action := write(flag.values)):
                pattern = shlex.quote(f"{_at(path)}/{flag.names[-1]}")
                yield row.format(pattern=pattern, action=action)


type Words = Iterable[tuple[str, str]]


def _flags(tree: Branch, row: str, write: Callable[[Words], str]) -> Iterator[str]:
    for path, branch in tree.walk():
        words = [(name, flag.about) for flag in branch.flags for name in flag.names]
        yield row.format(pattern=shlex.quote(_at(path)), action=write(words))


def _places(tree: Branch, row: str, write: Callable[[Words], str]) -> Iterator[str]:
    values = _bash_values if write is _bash_words else _zsh_values
    for path, branch in tree.walk():
        at = _at(path)
        if branch.verbs:
            words = [(name, verb.about) for name, verb in branch.verbs.items()]
            yield row.format(pattern=shlex.quote(f"{at}:0"), action=write(words))
        for number, place in enumerate(branch.places):
            last = branch.repeats and number == len(branch.places) - 1
            if action := values(place):
                pattern = f"{shlex.quote(f'{at}:')}*" if last else shlex.quote(f"{at}:{number}")
                yield row.format(pattern=pattern, action=action)


def _at(path: Iterable[str]) -> str:
    return "".join(f"/{word}" for word in path)


def _bash_words(words: Words) -> str:
    return f"_sana_vcam_words {shlex.quote(' '.join(word for word, _ in words))}"


def _bash_values(values: Values) -> str:
    if values.presets:
        return "_sana_vcam_presets"
    if values.files:
        return "_sana_vcam_files"
    command = "_sana_vcam_begun" if values.unfinished else "_sana_vcam_words"
    return f"{command} {shlex.quote(' '.join(values.words))}" if values.words else ""


def _zsh_words(words: Words) -> str:
    told = (f"{word.replace(':', chr(92) + ':')}:{_short(about)}" for word, about in words)
    return f"_sana_vcam_words {' '.join(map(shlex.quote, told))}"


def _zsh_values(values: Values) -> str:
    if values.presets:
        return "_sana_vcam_presets"
    if values.files:
        return "_sana_vcam_files"
    if not values.words:
        return ""
    command = "_sana_vcam_begun" if values.unfinished else "_sana_vcam_words"
    return f"{command} {' '.join(map(shlex.quote, values.words))}"


def _fish_lines(tree: Branch) -> Iterator[str]:
    for path, branch in tree.walk():
        at = _at(path)
        here = _fish_quoted(f"__sana_vcam_at '{at}'")
        for flag in branch.flags:
            yield f"complete -c sana-vcam -n {here} {_fish_flag(flag)}"
        for name, verb in branch.verbs.items():
            first = _fish_quoted(f"__sana_vcam_at '{at}' 0")
            about = _fish_quoted(_short(verb.about))
            yield f"complete -c sana-vcam -n {first} -a {name} -d {about}"
        for number, place in enumerate(branch.places):
            last = branch.repeats and number == len(branch.places) - 1
            condition = here if last else _fish_quoted(f"__sana_vcam_at '{at}' {number}")
            if place.files:
                yield f"complete -c sana-vcam -n {condition} -F"
            elif found := _fish_values(place):
                yield f"complete -c sana-vcam -n {condition} -a {found}"


def _fish_flag(flag: FlagWord) -> str:
    names = " ".join(
        f"-l {name[2:]}" if name.startswith("--") else f"-s {name[1:]}" for name in flag.names
    )
    text = f"{names} -d {_fish_quoted(_short(flag.about))}"
    if flag.values is None:
        return text
    if flag.values.files:
        return f"{text} -r -F"
    found = _fish_values(flag.values)
    return f"{text} -x -a {found}" if found else f"{text} -x"


def _fish_values(values: Values) -> str:
    return "'(__sana_vcam_presets)'" if values.presets else _fish_list(values.words)


def _fish_list(words: Iterable[str]) -> str:
    text = " ".join(words)
    return _fish_quoted(text) if text else ""


def _fish_quoted(text: str) -> str:
    """Quote for fish, whose single quotes know two escapes."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _short(about: str) -> str:
    return about if len(about) <= _MOST_ABOUT else f"{about[: _MOST_ABOUT - 3]}..."
