"""`sana-vcam edit`: a video file through the model, into another one.

OUT appears when it is whole: everything is written into a folder beside it first. What an edit that
was stopped has got so far is kept as OUT.partial.
"""

from __future__ import annotations

import asyncio
import glob
import os
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Coroutine, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sana_vcam.app.demo import size_options, standin_beside
from sana_vcam.app.editprogress import EditProgress
from sana_vcam.app.native import set_up_malloc
from sana_vcam.app.run import run_until_done
from sana_vcam.app.signals import on_hangup
from sana_vcam.config import paths
from sana_vcam.config.load import require_key
from sana_vcam.config.schema import Config
from sana_vcam.config.source import ConfigSource
from sana_vcam.engine.edits.accounts import edit_accounts
from sana_vcam.engine.edits.clipedit import ClipEdit, EditMode, EditStopped
from sana_vcam.engine.edits.run import ClipLook
from sana_vcam.engine.factory import ReactorSessionFactory
from sana_vcam.engine.ledger import Ledger
from sana_vcam.engine.leftovers import Leftovers
from sana_vcam.engine.quality.sending import Sending
from sana_vcam.engine.usage import UsageAccount
from sana_vcam.errors import ClipFailed, ConfigError, SanaVcamError
from sana_vcam.lib.logs import log, set_up_logging
from sana_vcam.lib.lossystream import lossy_stderr
from sana_vcam.lib.signals import stop_on_signals
from sana_vcam.lib.threads import run_loop
from sana_vcam.media.clips.formats import Container, container_for
from sana_vcam.media.clips.prepare import PreparedClip, prepare
from sana_vcam.media.clips.source import ClipFacts, read_facts
from sana_vcam.media.clips.writing import Written, write_clip
from sana_vcam.presets.catalog import find
from sana_vcam.reactor.models import record_of
from sana_vcam.reactor.models.sana import SANA

TMP = ".tmp"
DEMO_OPTIONS = ("--wire", "npm")
"""The stand-in's generation that takes files."""


@dataclass(frozen=True)
class EditOrder:
    """What the command line asks for."""

    source: Path
    target: Path
    force: bool = False
    yes: bool = False
    mode: EditMode = "auto"
    demo: bool = False
    json: bool = False


def run(order: EditOrder, config_path: Path | None, overrides: Mapping[str, object]) -> int:
    """Edit a file, and give the exit status. Raises `SanaVcamError` before anything is opened."""
    progress = EditProgress(json_events=order.json, yes=order.yes)
    try:
        try:
            container = container_for(order.target)
            demo = {"reactor.local": "true", "reactor.api_url": "http://127.0.0.1:1"}
            source = ConfigSource(config_path, dict(overrides) | (demo if order.demo else {}))
            loaded = source.load()
            require_key(loaded.config)
            _check_model(loaded.config)
            look = _look(loaded.config)
            facts = read_facts(order.source)
            _check_target(order)
        except SanaVcamError as error:
            progress.failed(str(error))
            raise
        set_up_malloc()
        level = loaded.config.log.level
        with lossy_stderr():
            set_up_logging("warning" if level == "info" else level)
            for warning in loaded.warnings:
                log.warning("%s", warning)
            work = _Work(
                order,
                config=loaded.config,
                look=look,
                facts=facts,
                container=container,
                progress=progress,
            )
            return run_until_done(work.run)
    finally:
        progress.close()


class _Work:
    """One edit, from the copy for the model to the new file."""

    def __init__(
        self,
        order: EditOrder,
        *,
        config: Config,
        look: ClipLook,
        facts: ClipFacts,
        container: Container,
        progress: EditProgress,
    ) -> None:
        self._order = order
        self._config = config
        self._look = look
        self._facts = facts
        self._container = container
        self._progress = progress
        self._stop = asyncio.Event()

    async def run(self) -> None:
        """Do all of it. Raises `SanaVcamError`."""
        with stop_on_signals(self._stop), on_hangup(self._stop.set):
            try:
                replace = await self._may_replace()
                accounts = edit_accounts(paths.state_dir(), self._config.cost)
                async with self._reachable() as config:
                    with accounts as kept, _folder_beside(self._order.target) as folder:
                        await self._edit(config, folder, *kept, replace=replace)
            except SanaVcamError as error:
                self._progress.failed(str(error))
                raise

    async def _edit(
        self, config: Config, folder: Path, ledger: Ledger, usage: UsageAccount, *, replace: bool
    ) -> None:
        clip = await self._or_stopped(self._prepare(config, folder))
        factory = ReactorSessionFactory(config.reactor)
        leftovers = Leftovers(
            ledger, usage, factory, api_url=config.reactor.api_url, clock=time.monotonic
        )
        edit = ClipEdit(
            clip,
            self._look,
            factory=factory,
            leftovers=leftovers,
            usage=None if config.reactor.local else usage,
            folder=folder,
            mode=self._order.mode,
            longest_s=config.reactor.max_session_s,
            audience=self._progress,
        )
        failure = await _failure(self._or_stopped(edit.run()))
        usage.count()
        billed_s = usage.seconds.session
        if failure is not None and not edit.reached:
            raise failure
        # From here on a signal is about the writing.
        self._stop.clear()
        pictures = clip.count if failure is None else edit.reached
        draft = folder / f"whole{self._order.target.suffix}"
        written = await self._or_stopped(self._write(clip, edit, draft, pictures))
        if failure is not None:
            kept = _keep(draft, _partial(self._order.target), replace=False)
            raise EditStopped(
                f"{failure}; the first {pictures} of {clip.count} pictures are in {kept}"
            )
        target = _keep(draft, self._order.target, replace=replace)
        self._tell(edit, written, target, billed_s)

    async def _prepare(self, config: Config, folder: Path) -> PreparedClip:
        size = Sending(config.reactor).full
        seconds = self._facts.seconds
        expected = round((seconds or 0.0) * self._facts.rate)
        found: list[PreparedClip] = []

        def work(stop: threading.Event) -> None:
            clip = prepare(
                self._facts.path,
                folder / "clip.mp4",
                size,
                config.camera.fit,
                told=lambda done: self._tell_from_thread("preparing", done, expected),
                stop=stop,
            )
            if clip is not None:
                found.append(clip)

        self._loop = asyncio.get_running_loop()
        await run_loop(work, name="edit-prepare")
        return found[0]

    async def _write(
        self, clip: PreparedClip, edit: ClipEdit, draft: Path, pictures: int
    ) -> Written:
        found: list[Written] = []

        def work(stop: threading.Event) -> None:
            written = write_clip(
                self._facts.path,
                edit.takes,
                clip.times,
                draft,
                self._container,
                pictures=pictures,
                told=lambda done: self._tell_from_thread("writing", done, pictures),
                stop=stop,
            )
            if written is not None:
                _to_disk(draft)
                found.append(written)

        await run_loop(work, name="edit-write")
        return found[0]

    def _tell_from_thread(self, step: str, done: int, total: int) -> None:
        self._loop.call_soon_threadsafe(self._progress.step, step, done, max(done, total))

    def _tell(self, edit: ClipEdit, written: Written, target: Path, billed_s: float) -> None:
        mode = "live" if edit.live else "file"
        filled = ""
        if written.filled:
            filled = f", {written.filled} of them filled with the one before"
        sessions = "" if edit.sessions == 1 else f", {edit.sessions} sessions"
        billed = f", {billed_s:.0f} s billed" if billed_s else ""
        self._progress.done(
            f"{target}: {written.pictures} pictures{filled} ({mode} mode{sessions}{billed})",
            out=target,
            pictures=written.pictures,
            filled=written.filled,
            filled_at_end=written.held_at_end,
            mode=mode,
            sessions=edit.sessions,
            billed_s=round(billed_s, 1),
        )

    async def _may_replace(self) -> bool:
        """Whether OUT may be replaced. Raises `ClipFailed` if it is there and may not."""
        target = self._order.target
        if self._order.force or not _is_there(target):
            return self._order.force
        question = f"{target} is there already. Replace it? [y/N] "
        if _on_terminal(self._order) and await self._or_stopped(self._progress.ask(question)):
            return True
        raise ClipFailed(f"{target} is there already; add --force to replace it")

    @asynccontextmanager
    async def _reachable(self) -> AsyncIterator[Config]:
        """Give the configuration, with a stand-in beside it for a demonstration."""
        if not self._order.demo:
            yield self._config
            return
        self._progress.step("starting the stand-in model", 0, 0)
        async with standin_beside(*DEMO_OPTIONS, *size_options(self._config.reactor)) as url:
            local = {"local": True, "api_url": url}
            reactor = self._config.reactor.model_copy(update=local)
            yield self._config.model_copy(update={"reactor": reactor})

    async def _or_stopped[T](self, work: Coroutine[Any, Any, T]) -> T:
        """Do the work, or end it in order when a signal comes. Raises `EditStopped` then."""
        task = asyncio.create_task(work)
        asked = asyncio.create_task(self._stop.wait())
        try:
            await asyncio.wait({task, asked}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            asked.cancel()
        if not task.done():
            task.cancel()
            await asyncio.wait({task})
        if task.cancelled():
            raise EditStopped("stopped before the clip was whole")
        return task.result()


def _check_model(config: Config) -> None:
    """Raise `ConfigError` for a model that is known to be another one."""
    record = record_of(config.reactor.model)
    if record is not SANA and not record.guessed:
        raise ConfigError(
            f"[reactor] model = {config.reactor.model!r}: edit works with sana-streaming only, "
            f"and not with {record.title}; --set reactor.model=sana-streaming"
        )


def _look(config: Config) -> ClipLook:
    """Find out what the model is to be asked for. Raises `ConfigError` if it is nothing."""
    start = config.start
    prompt, seed = start.prompt, start.seed
    if start.preset:
        preset = find(config.presets, start.preset)
        prompt = preset.prompt
        seed = start.seed if preset.seed is None else preset.seed
    if not prompt.strip():
        raise ConfigError(
            'say what to change: --prompt "as a charcoal drawing", or --preset ID '
            "(see `sana-vcam presets`)"
        )
    return ClipLook(prompt, seed, start.anchor_interval)


def _check_target(order: EditOrder) -> None:
    """Raise `ClipFailed` unless OUT can be written, as far as that can be known."""
    target, folder = order.target, order.target.parent
    if target.is_dir():
        raise ClipFailed(f"{target} is a folder; name the file that is to be written")
    if not folder.is_dir():
        raise ClipFailed(f"{folder} is not a folder; make it first: mkdir -p {folder}")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise ClipFailed(f"{folder} may not be written to; name a file in another folder")
    if target.exists() and target.samefile(order.source):
        raise ClipFailed(f"{target} is IN itself, which is never replaced; name another file")
    if _is_there(target) and not order.force and not _on_terminal(order):
        raise ClipFailed(f"{target} is there already; add --force to replace it")


def _is_there(path: Path) -> bool:
    return os.path.lexists(path)


def _on_terminal(order: EditOrder) -> bool:
    return not order.json and sys.stdin.isatty() and sys.stderr.isatty()


@contextmanager
def _folder_beside(target: Path) -> Iterator[Path]:
    """Make a hidden folder for what is not whole yet, on the same disk as OUT.

    One that a killed edit of the same OUT has left is removed: no other edit runs now.
    """
    for left in target.parent.glob(f".{glob.escape(target.name)}.*{TMP}"):
        shutil.rmtree(left, ignore_errors=True)
    try:
        folder = Path(tempfile.mkdtemp(TMP, f".{target.name}.", target.parent))
    except OSError as error:
        raise ClipFailed(f"{target.parent} cannot be written to: {error.strerror}") from None
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _partial(target: Path) -> Path:
    return target.with_name(f"{target.stem}.partial{target.suffix}")


def _keep(draft: Path, target: Path, *, replace: bool) -> Path:
    """Give the draft its name, or another one if something has come there meanwhile."""
    try:
        if replace:
            draft.replace(target)
            return target
        return next(name for name in _names(target) if _named(draft, name))
    except OSError as error:
        raise ClipFailed(f"{target} cannot be written: {error.strerror}") from None


def _names(target: Path) -> Iterator[Path]:
    yield target
    for number in range(2, 1000):
        yield target.with_name(f"{target.stem}-{number}{target.suffix}")


def _named(draft: Path, name: Path) -> bool:
    """Whether the draft has got the name, which nothing had."""
    try:
        # Unlike a rename, a link fails if the name was taken in the meantime.
        name.hardlink_to(draft)
    except FileExistsError:
        return False
    except OSError:
        # Some file systems of memory cards have no links.
        if _is_there(name):
            return False
        draft.rename(name)
    return True


def _to_disk(path: Path) -> None:
    """Have the file last over a power cut. Raises `ClipFailed`."""
    try:
        with path.open("rb") as stream:
            os.fsync(stream.fileno())
    except OSError as error:
        raise ClipFailed(f"{path.parent}: the edit cannot be written: {error.strerror}") from None


async def _failure(work: Coroutine[Any, Any, None]) -> SanaVcamError | None:
    try:
        await work
    except SanaVcamError as error:
        return error
    return None
