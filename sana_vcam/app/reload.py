"""The configuration of a running daemon: read again at a change or on request, and edited."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable

from sana_vcam.app.systemd import Notifier
from sana_vcam.config.load import Loaded, require_key
from sana_vcam.config.schema import Config, differences
from sana_vcam.config.source import ConfigSource, Signature
from sana_vcam.errors import ConfigError
from sana_vcam.lib.filewatch import ANYWAY_S, FileWatch
from sana_vcam.lib.idle import until_any, until_tick
from sana_vcam.lib.threads import run_blocking
from sana_vcam.presets.edits import Edit
from sana_vcam.presets.file import Edited, carry_out

log = logging.getLogger(__name__)

LOOK_EVERY_S = 0.5
"""How soon a file that changes is looked at again."""


class ConfigWatcher:
    """Follows the configuration file for a daemon, on the event loop; a wrong one changes nothing.

    The files are looked at and read in threads: a disk may take its time, and a share may be gone.

    `take_on` is given each new configuration. It returns the dotted keys that differ from what the
    daemon holds and need a restart, so such a key is named each time until there was one.
    """

    def __init__(
        self,
        source: ConfigSource,
        config: Config,
        take_on: Callable[[Config], list[str]],
        notifier: Notifier,
        *,
        look_every_s: float = LOOK_EVERY_S,
        anyway_every_s: float = ANYWAY_S,
    ) -> None:
        """`config` is what `source` gave at the start.

        A file that changes is looked at every `look_every_s`, others every `anyway_every_s` where
        the system tells of changes.
        """
        self.error: str | None = None
        """What is wrong with the configuration as it stands now; None while it is in force."""
        self._source = source
        self._config = config
        self._take_on = take_on
        self._notifier = notifier
        self._look_every_s = look_every_s
        self._anyway_every_s = anyway_every_s
        self._problems = ""
        self._warned: tuple[str, ...] = ()
        self._edits = asyncio.Lock()
        self._reads = asyncio.Lock()
        self._asked = asyncio.Event()

    def ask(self) -> None:
        """Have `watch` read the configuration soon, because somebody asks."""
        self._asked.set()

    async def reload(self) -> None:
        """Read the configuration because somebody asks, and answer in the log and to systemd."""
        self._problems = ""
        with self._notifier.reloading():
            await self._read(asked=True)

    async def check(self) -> None:
        """Read the configuration unasked; silent about what was said before."""
        await self._read(asked=False)

    async def edit(self, edit: Edit) -> Edited:
        """Change the presets in the file and take them on. Raises `CommandFailed`."""
        async with self._edits:
            done = await run_blocking(lambda: carry_out(self._source, edit), name="edit-presets")
            log.info("wrote the presets: %s", done.path)
            await self.check()
            return done

    async def watch(self) -> None:
        """Read the file when asked, and when it has changed and is left alone, until cancelled.

        It is read one look later than it is seen to change: an editor may still be writing, and
        half a file can be a valid one.
        """
        with FileWatch() as files:
            seen = await self._look(files)
            # Not as it is by now: it may have changed since the daemon read it at its start.
            read = self._source.at_first or seen
            while True:
                if seen == read and files.tells:
                    seconds = until_tick(self._anyway_every_s)
                    await until_any(self._asked, files.happened, seconds=seconds)
                await until_any(self._asked, seconds=self._look_every_s)
                if self._asked.is_set():
                    self._asked.clear()
                    await self.reload()
                    continue
                files.happened.clear()
                now = await self._look(files)
                if now == seen != read:
                    await self.check()
                    read = now
                seen = now

    async def _look(self, files: FileWatch) -> Signature:
        def look() -> Signature:
            files.look_out(self._source.paths)
            return self._source.signature()

        return await run_blocking(look, name="look-at-config")

    async def _read(self, *, asked: bool) -> None:
        """Take the configuration on; that it is the same is worth a line only if one asked."""
        async with self._reads:
            try:
                loaded = await run_blocking(self._load, name="read-config")
            except ConfigError as error:
                self._refuse(str(error))
            else:
                self._take(loaded, asked=asked)

    def _take(self, loaded: Loaded, *, asked: bool) -> None:
        for warning in loaded.warnings:
            if warning not in self._warned:
                log.warning("%s", warning)
        self._warned = loaded.warnings
        config = loaded.config
        was_wrong = self.error is not None
        self.error, self._problems = None, ""
        if config == self._config and not (asked or was_wrong):
            return
        later = self._take_on(config)
        if config.log != self._config.log:
            logging.getLogger("sana_vcam").setLevel(config.log.level.upper())
        _report([key for key in differences(self._config, config) if key not in later], later)
        self._config = config

    def _load(self) -> Loaded:
        """Read all of it; blocks. Raises `ConfigError`."""
        loaded = self._source.load()
        require_key(loaded.config)
        return loaded

    def _refuse(self, problems: str) -> None:
        if problems != self._problems:
            log.error("the configuration stays as it was; the new one is wrong: %s", problems)
        self._problems = problems
        first, *more = problems.splitlines()
        others = f" (and {len(more)} more: sana-vcam config check)" if more else ""
        self.error = f"the changed configuration is not in force: {first}{others}"


def _report(now: Iterable[str], later: Iterable[str]) -> None:
    log.info("configuration read again; in force now: %s", ", ".join(now) or "nothing new")
    if names := ", ".join(later):
        log.warning("in force after a restart only: %s", names)


def without_restart(now: Config, new: Config) -> Config:
    """Merge into `now` what of `new` can change while the daemon runs."""
    return now.model_copy(
        update={
            "capture": new.capture,
            "cost": new.cost,
            "keep": new.keep,
            "log": new.log,
            "playout": new.playout,
            "presets": new.presets,
            "rehearse": new.rehearse,
            "privacy": now.privacy.model_copy(
                update={"thumbnails": new.privacy.thumbnails, "away": new.privacy.away}
            ),
            "start": new.start,
            "voice": new.voice.model_copy(update={"on": now.voice.on}),
        }
    )
