"""Reading the configuration again while the daemon runs, and what SIGHUP means."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import Protocol, runtime_checkable

from sana_vcam.app.systemd import Notifier
from sana_vcam.config.load import Loaded, require_key
from sana_vcam.config.schema import Config, differences
from sana_vcam.errors import ConfigError

log = logging.getLogger(__name__)

type ReadAgain = Callable[[], Loaded]


@runtime_checkable
class Reloads(Protocol):
    """A daemon that can take on another configuration while it runs."""

    notifier: Notifier

    def reload(self, config: Config) -> list[str]:
        """Take on what can be changed while running; on the event loop.

        Returns the dotted keys that differ and need a restart. The daemon compares with what it
        holds itself, so a key that needs a restart is named at each reload until there was one.
        """


class Reloader:
    """Takes on the configuration anew; one that is wrong changes nothing."""

    def __init__(self, daemon: Reloads, config: Config, read_again: ReadAgain) -> None:
        """`read_again` loads the configuration as at the start; it raises `ConfigError`."""
        # What is wrong with the configuration as it stands now; None while it is in force.
        self.error: str | None = None
        self._daemon = daemon
        self._config = config
        self._read_again = read_again
        self._problems = ""
        self._warned: tuple[str, ...] = ()

    def __call__(self) -> None:
        """Read, judge, take on, and log which keys that concerned; on the event loop."""
        self._problems = ""
        with self._daemon.notifier.reloading():
            self._take(asked=True)

    def reread(self) -> None:
        """Do the same without being asked to; silent about what was said before."""
        self._take(asked=False)

    def _take(self, *, asked: bool) -> None:
        """Take the configuration on; that it is the same is worth a line only if one asked."""
        try:
            config = self._read()
        except ConfigError as error:
            self._refuse(str(error))
            return
        mended = self.error is not None
        self.error, self._problems = None, ""
        if config == self._config and not (asked or mended):
            return
        later = self._daemon.reload(config)
        if config.log != self._config.log:
            logging.getLogger("sana_vcam").setLevel(config.log.level.upper())
        _report([key for key in differences(self._config, config) if key not in later], later)
        self._config = config

    def _refuse(self, problems: str) -> None:
        if problems != self._problems:
            log.error("the configuration stays as it was; the new one is wrong: %s", problems)
        self._problems = problems
        first, *more = problems.splitlines()
        others = f" (and {len(more)} more: sana-vcam config check)" if more else ""
        self.error = f"the changed configuration is not in force: {first}{others}"

    def _read(self) -> Config:
        loaded = self._read_again()
        require_key(loaded.config)
        for warning in loaded.warnings:
            if warning not in self._warned:
                log.warning("%s", warning)
        self._warned = loaded.warnings
        return loaded.config


def _report(now: Iterable[str], later: Iterable[str]) -> None:
    log.info("configuration read again; in force now: %s", ", ".join(now) or "nothing new")
    if names := ", ".join(later):
        log.warning("in force after a restart only: %s", names)
