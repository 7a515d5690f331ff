"""What can be taken back, and in which order."""

BEGIN = """
    const { UndoStack } = await import("./undo.js");
    const stack = new UndoStack();
    const undone = [];
    const entry = (name, able = () => true) => {
        const undo = async () => (undone.push(name), able());
        return { done: name, undo };
    };
"""


def test_the_newest_comes_first_however_fast_it_is_asked_for(evaluate):
    assert evaluate(
        BEGIN
        + """
        for (const name of ["one", "two", "three"]) stack.push(entry(name));
        const said = await Promise.all([stack.undo(), stack.undo(), stack.undo(), stack.undo()]);
        return [undone, said.map(({ entry, next }) => [entry?.done ?? null, next?.done ?? null])];
        """
    ) == [
        ["three", "two", "one"],
        [["three", "two"], ["two", "one"], ["one", None], [None, None]],
    ]


def test_twenty_are_kept_and_any_one_can_be_chosen(evaluate):
    assert evaluate(
        BEGIN
        + """
        const all = Array.from({ length: 25 }, (_, place) => entry(place));
        for (const one of all) stack.push(one);
        const tooOld = await stack.undo(all[4]);
        const oldest = await stack.undo(all[5]);
        const again = await stack.undo(all[5]);
        return [stack.size, tooOld.entry, oldest.entry.done, again.entry, undone];
        """
    ) == [19, None, 5, None, [5]]


def test_what_cannot_be_taken_back_stays_for_another_try_and_blocks_nobody(evaluate):
    assert evaluate(
        BEGIN
        + """
        stack.push(entry("below"));
        stack.push(entry("stuck", () => false));
        const first = await stack.undo();
        const kept = stack.size;
        await stack.undo();
        const left = stack.size;
        const last = await stack.undo();
        return ["entry" in first, first.next.done, kept, left, last.entry.done, undone];
        """
    ) == [False, "stuck", 2, 1, "below", ["stuck", "stuck", "below"]]


def test_one_that_throws_holds_up_nobody(evaluate):
    assert evaluate(
        BEGIN
        + """
        stack.push(entry("below"));
        stack.push(entry("broken", () => { throw new Error("no"); }));
        const failed = await stack.undo().catch((error) => error.message);
        stack.forget(await stack.undo().then(() => null, () => null));
        return [failed, undone];
        """
    ) == ["no", ["broken", "broken"]]
