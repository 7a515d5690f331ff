"""Presets edited in the text of a file: they change, and nothing else does."""

from __future__ import annotations

import itertools
import json
import re
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sana_vcam.config.preset import BUILTIN_PRESETS, Preset
from sana_vcam.config.text import render_template, switched_off_presets
from sana_vcam.errors import CommandFailed
from sana_vcam.presets.edits import Add, Edit, Move, Remove, Reset, Revise, Save, apply
from sana_vcam.presets.text import comments, edited

A = Preset(id="a", name="A", prompt="look a")
B = Preset(id="b", name="B", prompt="one\n[[presets]]\n# no comment", seed=4)
C = Preset(id="c", name="C", prompt="look c", evolve=("First.", "Second."))

FILE = '''\
# Everything about my camera.
[camera]
mirror = true  # as in a mirror

# The looks.

[[presets]]
id = "a"   # short
name = "A"
prompt = "look a"
# prompt = "the older one"

# For the evening.
[[presets]]
  id = 'b'
  prompt = """
one
[[presets]]
# no comment"""
  name = "B"
  seed = 4  # four

# The sink comes last.
[sink]
fit = "pad"
'''


def presets_of(text: str) -> tuple[Preset, ...]:
    return tuple(Preset.model_validate(table) for table in tomllib.loads(text).get("presets", []))


def test_a_new_preset_comes_after_the_last_one() -> None:
    new = edited(FILE, (A, B), Save(C))
    added = (
        '\n[[presets]]\nid = "c"\nname = "C"\nprompt = "look c"\n'
        'evolve = [\n    "First.",\n    "Second.",\n]\n'
    )
    assert new == FILE.replace("# four\n", f"# four\n{added}")


def test_only_what_differs_is_written() -> None:
    new = edited(FILE, (A, B), Save(B.model_copy(update={"name": "Bee"})))
    assert new == FILE.replace('name = "B"', 'name = "Bee"')


def test_an_id_that_changes_stays_in_its_place() -> None:
    new = edited(FILE, (A, B), Save(A.model_copy(update={"id": "first"}), replaces="a"))
    assert new == FILE.replace('id = "a"   # short', 'id = "first"   # short')


def test_a_key_that_goes_leaves_its_comment() -> None:
    new = edited(FILE, (A, B), Revise("b", {"seed": None}))
    assert new == FILE.replace("  seed = 4  # four\n", "# four\n")


def test_a_value_of_several_lines_leaves_the_comments_in_it() -> None:
    text = FILE.replace('name = "A"\n', 'name = "A"\nevolve = [ # mine\n  "x", # ex\n]\n')
    new = edited(text, presets_of(text), Revise("a", {"evolve": ("y",)}))
    assert presets_of(new)[0].evolve == ("y",)
    assert comments(new).count("# mine") == comments(new).count("# ex") == 1


def test_a_removed_preset_takes_its_own_lines_and_no_others() -> None:
    assert edited(FILE, (A, B), Remove("a")) == re.sub(
        r"(?s)\[\[presets\]\]\nid = .*?older one\"\n\n", "", FILE
    )


def test_the_comment_above_a_preset_moves_with_it_and_survives_it() -> None:
    moved = edited(FILE, (A, B), Move("b", 0))
    assert [preset.id for preset in presets_of(moved)] == ["b", "a"]
    assert "# The looks.\n\n# For the evening.\n[[presets]]\n  id = 'b'" in moved
    removed = edited(moved, (B, A), Remove("b"))
    assert "# For the evening.\n" in removed


def test_comments_above_the_first_table_are_the_files() -> None:
    text = '# My looks.\n[[presets]]\nid = "a"\nname = "A"\nprompt = "look a"\n'
    moved = edited(edited(text, (A,), Save(C)), (A, C), Move("a", 1))
    assert moved.startswith("# My looks.\n")
    assert presets_of(moved) == (C, A)


def test_presets_between_other_tables_stay_where_they_are() -> None:
    text = '[[presets]]\nid="a"\nname="A"\nprompt="look a"\n[sink]\nfit="pad"\n[[presets]]\n'
    text += 'id="x"\nname="X"\nprompt=""\n[log]\nlevel="info"\n'
    x = Preset(id="x", name="X", prompt="")
    new = edited(text, (A, x), Save(C))
    assert presets_of(new) == (A, x, C)
    assert new.index("[sink]") < new.index('"x"') < new.index('"c"') < new.index("[log]")
    assert presets_of(edited(new, (A, x, C), Move("c", 0))) == (C, A, x)


def test_the_first_edit_writes_the_whole_list() -> None:
    text = '[sink]\nfit = "pad"  # bars'
    new = edited(text, BUILTIN_PRESETS, Remove("noir"))
    assert new.startswith(f"{text}\n\n[[presets]]\n")
    assert presets_of(new) == apply(Remove("noir"), BUILTIN_PRESETS)


def test_the_commented_file_has_its_presets_switched_on() -> None:
    new = edited(render_template(), BUILTIN_PRESETS, Save(C))
    assert presets_of(new) == (*BUILTIN_PRESETS, C)
    assert new.startswith(render_template().removesuffix(switched_off_presets()))
    assert "#[[presets]]" not in new


def test_a_list_in_one_statement_becomes_tables() -> None:
    text = '# top\npresets = [ # none yet\n  {id="a", name="A", prompt="look a"}, # ay\n]\n[log]\n'
    new = edited(text, (A,), Save(C))
    assert presets_of(new) == (A, C)
    assert comments(new) == ["# top", "# none yet", "# ay"]


def test_the_last_preset_can_go() -> None:
    text = '# top\n\n# the log\n[log]\nlevel = "info"\n\n[[presets]]\n' + (
        'id = "a"\nname = "A"\nprompt = "look a"\n'
    )
    none = edited(text, (A,), Remove("a"))
    assert tomllib.loads(none)["presets"] == []
    assert comments(none) == ["# top", "# the log"]
    assert presets_of(edited(none, (), Save(C))) == (C,)


def test_a_reset_takes_every_preset_out() -> None:
    new = edited(FILE, (A, B), Reset())
    assert "presets" not in tomllib.loads(new)
    assert edited(new, BUILTIN_PRESETS, Reset()) == new
    assert "# For the evening." in new


def test_windows_line_ends_stay() -> None:
    new = edited(FILE.replace("\n", "\r\n"), (A, B), Save(C))
    new = edited(new, (A, B, C), Save(A.model_copy(update={"prompt": "other"})))
    assert new.count("\n") == new.count("\r\n")


def test_comments_are_told_from_texts() -> None:
    text = 'a = \'# no\' # one\nb = """# no \\""" # no""" # two\nc = \'\'\'# no\'\'\' # three\n'
    assert tomllib.loads(text)
    assert comments(text) == ["# one", "# two", "# three"]


# --- any file, any edits ------------------------------------------------------------------------

TEXTS = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\r"), max_size=12
) | st.sampled_from(["[[presets]]", "# no", "\n[[presets]]\n# no", '"""', "'''", "\x7f", "]"])
IDS = st.sampled_from(["a", "b", "c", "d", "e-5", "f_6", "g"])


@dataclass
class Drawn:
    """A made-up file, and which of its marked comments belong to which preset."""

    text: str = ""
    presets: list[Preset] = field(default_factory=list)
    inside: dict[str, set[str]] = field(default_factory=dict)
    everywhere: set[str] = field(default_factory=set)


@st.composite
def files(draw: st.DrawFn) -> Drawn:
    drawn = Drawn()
    marks = (f"# mark{number}!" for number in itertools.count())
    lines: list[str] = []

    def note(into: set[str]) -> str:
        mark = next(marks)
        into.add(mark)
        return mark + draw(st.sampled_from(["", " [[presets]]", ' """ \'', " = [", "\t"]))

    def gap() -> None:
        for what in draw(st.lists(st.sampled_from(["blank", "note", "table"]), max_size=4)):
            if what == "note":
                lines.append(note(drawn.everywhere))
            elif what == "table" and tables:
                table, body = tables.pop()
                lines.extend([f"[{table}]", f"{body} {note(drawn.everywhere)}"])
            else:
                lines.append(draw(st.sampled_from(["", "  "])))

    tables = draw(
        st.permutations(
            [
                ("camera", 'device = """\n[[presets]]\n# no\n"""'),
                ("sink", "fps = 30"),
                ("start", "connect = false"),
            ]
        )
    )
    tables = list(tables)
    for preset in draw(st.lists(looks(), max_size=4, unique_by=lambda look: look.id)):
        gap()
        if draw(st.booleans()):
            lines.append("")
        drawn.presets.append(preset)
        drawn.inside[preset.id] = set()
        lines.extend(table_lines(draw, preset, lambda look=preset: note(drawn.inside[look.id])))
        lines.append("")
    gap()
    newline = draw(st.sampled_from(["\n", "\r\n"]))
    drawn.text = newline.join("\n".join(lines).split("\n")) + draw(st.sampled_from(["", newline]))
    return drawn


@st.composite
def looks(draw: st.DrawFn) -> Preset:
    return Preset(
        id=draw(IDS),
        name=draw(TEXTS) or "x",
        prompt=draw(TEXTS),
        seed=draw(st.none() | st.integers(0, 2**53 - 1)),
        evolve=tuple(text or "x" for text in draw(st.lists(TEXTS, max_size=3))),
    )


def table_lines(draw: st.DrawFn, preset: Preset, note: Callable[[], str]) -> Iterator[str]:
    yield draw(st.sampled_from(["[[presets]]", "[[ presets ]]", '  [["presets"]] # x']))
    given = preset.model_dump(mode="json", exclude_defaults=True)
    for key in draw(st.permutations(list(given))):
        if draw(st.booleans()):
            yield f"  {note()}"
        if key == "evolve":
            yield "evolve = ["
            for text in given[key]:
                yield f"  {written(text)}, {note()}"
            yield "]"
        else:
            yield f"{draw(st.sampled_from(['', '  ']))}{key} = {written(given[key])} {note()}"
    if draw(st.booleans()):
        yield note()


def written(value: object) -> str:
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


EDITS = st.one_of(
    st.builds(Save, looks(), st.none() | IDS),
    st.builds(Remove, IDS),
    st.builds(Move, IDS, st.integers(0, 8)),
    st.builds(Add, looks()),
)


def all_else(text: str) -> dict[str, object]:
    return {key: value for key, value in tomllib.loads(text).items() if key != "presets"}


def marks(text: str) -> list[str]:
    return sorted(re.findall(r"# mark\d+!", text))


@settings(max_examples=100, deadline=None)
@given(files(), st.lists(EDITS, min_size=1, max_size=6))
def test_any_edits_keep_every_comment_and_all_other_keys(drawn: Drawn, edits: list[Edit]) -> None:
    text, presets = drawn.text, tuple(drawn.presets) or BUILTIN_PRESETS
    others = all_else(text)
    inside = dict(drawn.inside)
    for edit in edits:
        try:
            after = apply(edit, presets)
        except CommandFailed:
            continue
        text = edited(text, presets, edit)
        match edit:
            case Remove(preset_id):
                inside.pop(preset_id, None)
            case Save(preset, replaces) if replaces in inside:
                inside[preset.id] = inside.pop(replaces)
        presets = after
        assert presets_of(text) == presets
        assert all_else(text) == others
        assert marks(text) == sorted(drawn.everywhere.union(*inside.values()))


@settings(max_examples=40, deadline=None)
@given(files())
def test_moving_there_and_back_changes_no_line(drawn: Drawn) -> None:
    presets = tuple(drawn.presets)
    for place, preset in enumerate(presets):
        away = edited(drawn.text, presets, Move(preset.id, 0))
        back = edited(away, apply(Move(preset.id, 0), presets), Move(preset.id, place))
        assert presets_of(back) == presets
        assert sorted(back.split()) == sorted(drawn.text.split())


@pytest.mark.parametrize("preset", BUILTIN_PRESETS, ids=lambda preset: preset.id)
def test_every_built_in_one_can_be_removed_and_added(preset: Preset) -> None:
    text = edited("", BUILTIN_PRESETS, Remove(preset.id))
    rest = apply(Remove(preset.id), BUILTIN_PRESETS)
    assert presets_of(edited(text, rest, Save(preset))) == (*rest, preset)
