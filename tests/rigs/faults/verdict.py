"""From what was seen to what it means."""

from __future__ import annotations

import signal
from collections.abc import Sequence

from tests.rigs.faults.clip import Seen
from tests.rigs.faults.row import (
    ALLOWED,
    CROWDED,
    CROWDED_GAP_S,
    GAP_S,
    Program,
    Result,
    Row,
)
from tests.rigs.faults.stage import Stage, Times
from tests.rigs.faults.watch import Glimpse, Watch

SELF_JOIN = "Check failed: 0 == pthread_join"
"""What reactor-sdk 1.13's native half said when it aborted; seen once in some thousand ends."""
DEFECT_WORDS = ("Traceback", "ended by a defect", "Task exception was never retrieved")


def judge(row: Row, stage: Stage, left_open: int) -> Result:
    """Everything that can be told of a row that was played to its end."""
    result = Result(row.name, row.cause, row.program, left_open=left_open, why=row.why)
    glimpses, times = stage.glimpses(), stage.times
    result.frames = len(glimpses)
    _judge_pictures(row, stage.watch, times, result)
    _judge_gaps(stage, result)
    _judge_recovery(row, times, result)
    _judge_end(row, stage, result)
    return result


def _judge_pictures(row: Row, watch: Watch, times: Times, result: Result) -> None:
    glimpses = watch.glimpses
    result.raw = sum(one.seen is Seen.RAW for one in glimpses)
    if row.program is Program.RAW:
        if result.raw == 0:
            result.faults.append("the raw camera was on and not recognised")
    elif result.raw:
        result.faults.append(f"{result.raw} raw frames")
    begin = times.began if times.began is not None else times.cause
    until = times.stopped or float("inf")
    during = [one for one in glimpses if begin is not None and begin < one.at < until]
    strange = {one.seen for one in during} - ALLOWED[row.program]
    if strange - {Seen.RAW}:
        counts = {seen: sum(one.seen is seen for one in during) for seen in sorted(strange)}
        result.faults.append(f"viewers saw {counts} where it had to be: {row.program}")
    if row.program is Program.CARD:
        _judge_card(glimpses, times, result)
    if row.program is not Program.STILL:
        result.still_s = round(_longest_still(watch, during), 2)
        if result.still_s > row.still_s:
            result.slow.append(f"a dead picture stayed for {result.still_s} s")


def _judge_card(glimpses: Sequence[Glimpse], times: Times, result: Result) -> None:
    assert times.cause is not None
    cards = [one.at for one in glimpses if one.seen is Seen.CARD and one.at > times.cause]
    if not cards:
        result.faults.append("no card was seen")
    elif times.began is not None:
        result.card_after_s = round(cards[0] - times.cause, 2)


def _longest_still(watch: Watch, glimpses: Sequence[Glimpse]) -> float:
    """How long the same model picture stayed at most, in seconds."""
    longest, since = 0.0, None
    for one in glimpses:
        if one.seen is not Seen.LIVE or one.after_death:
            since = None
        elif since is None or one.fresh or watch.is_excused(since, one.at):
            since = one.at
        else:
            longest = max(longest, one.at - since)
    return longest


def _judge_gaps(stage: Stage, result: Result) -> None:
    gaps = stage.watch.gaps()
    if not gaps:
        return
    longest = max(gaps, key=lambda gap: gap.own_s)
    result.gap_ms, result.machine_ms = round(longest.seconds * 1e3), round(longest.machine_s * 1e3)
    result.gaps_over = sum(gap.own_s > GAP_S for gap in gaps)
    result.crowded = round(stage.watch.crowded, 2)
    bound_s = GAP_S if result.crowded < CROWDED else CROWDED_GAP_S
    over = sum(gap.own_s > bound_s for gap in gaps)
    if over:
        result.slow.append(
            f"{over} gaps of more than {bound_s * 1e3:.0f} ms, the longest {result.gap_ms} ms "
            f"(the machine itself {result.machine_ms} ms late)"
        )


def _judge_recovery(row: Row, times: Times, result: Result) -> None:
    result.bound_s = row.recovery_s
    if row.recovery_s is None:
        return
    assert times.gone is not None, "the row does not say when its cause had gone"
    if times.live is None:
        result.faults.append("not live again")
        return
    result.live_again_s = round(times.live - times.gone, 2)
    if result.live_again_s > row.recovery_s:
        result.slow.append(f"live again after {result.live_again_s} s, not {row.recovery_s} s")


def _judge_end(row: Row, stage: Stage, result: Result) -> None:
    if result.left_open:
        result.faults.append(f"{result.left_open} sessions left open")
    wrong = [status for status in stage.exits if status not in row.exits]
    log = list(stage.daemon.log)
    if wrong == [-signal.SIGABRT] and any(SELF_JOIN in line for line in log):
        # It comes when the session is over already, and is not ours to mend.
        result.slow.append("libwebrtc ended the process while it let go of a connection")
    elif wrong:
        result.faults.append(f"the daemon ended with status {wrong}, not {sorted(row.exits)}")
    # Ctrl-C before the daemon is there to take it is Python's to report.
    interrupted = log[-1:] == ["KeyboardInterrupt"]
    for word in () if interrupted else DEFECT_WORDS:
        if any(word in line for line in log):
            result.faults.append(f"the daemon's log has {word!r}")
    result.log = log
