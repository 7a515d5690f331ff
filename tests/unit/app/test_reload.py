"""A configuration is followed and edited; a good one is taken on, a bad one changes nothing."""

from __future__ import annotations

import asyncio
import logging
import socket
import sys
from contextlib import asynccontextmanager

import pytest

from sana_vcam.app.reload import ConfigWatcher, without_restart
from sana_vcam.app.systemd import Notifier
from sana_vcam.config.preset import BUILTIN_PRESETS, Preset
from sana_vcam.config.schema import (
    CaptureConfig,
    Config,
    LogConfig,
    PlayoutConfig,
    PrivacyConfig,
    ReactorConfig,
    SinkConfig,
    differences,
)
from sana_vcam.config.source import ConfigSource
from sana_vcam.errors import CommandFailed
from sana_vcam.presets.edits import Remove, Save

GOOD = '[reactor]\nlocal = true\n[sink]\nlabel = "Other"\n[log]\nlevel = "debug"\n'


class FakeDaemon:
    """Takes on everything but the sink."""

    def __init__(self, config):
        self.config = config
        self.taken = []

    def reload(self, config):
        self.taken.append(config)
        return [key for key in differences(self.config, config) if key.startswith("sink.")]


@pytest.fixture
def systemd(tmp_path):
    address = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind(address)
        sock.setblocking(False)
        yield sock, Notifier(address)


def received(sock):
    lines = []
    while True:
        try:
            lines.append(sock.recv(4096).decode())
        except BlockingIOError:
            return lines


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "config.toml"
    path.write_text(GOOD)
    return path


@pytest.fixture
def level():
    """Restore the level that a reload sets."""
    logger = logging.getLogger("sana_vcam")
    before = logger.level
    logger.setLevel(logging.INFO)
    yield logger
    logger.setLevel(before)


@pytest.fixture
def running(file, systemd, level):
    config = Config(reactor=ReactorConfig(local=True))
    daemon = FakeDaemon(config)
    return daemon, ConfigWatcher(ConfigSource(file), config, daemon.reload, systemd[1])


async def test_a_good_configuration_is_taken_on_and_what_waits_is_named(running, caplog, level):
    daemon, watcher = running
    await watcher.reload()

    assert daemon.taken[0].sink.label == "Other"
    assert level.level == logging.DEBUG
    said = [(record.levelname, record.getMessage()) for record in caplog.records]
    assert ("INFO", "configuration read again; in force now: log.level") in said
    assert ("WARNING", "in force after a restart only: sink.label") in said


async def test_reading_the_same_again_changes_nothing(running, caplog, level):
    daemon, watcher = running
    await watcher.reload()
    daemon.config = daemon.taken[-1]
    caplog.clear()
    await watcher.reload()
    assert caplog.messages == ["configuration read again; in force now: nothing new"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[reactor]\nlocal = true\n[sink]\nwidht = 640\n", ["config.toml:4", "widht", "width"]),
        ('[reactor]\nlocal = true\n[sink]\nfps = "fast"\n', ["config.toml:4", "sink.fps", "fast"]),
        ("[sink\n", ["config.toml:1", "TOML"]),
        ("", ["REACTOR_API_KEY"]),
    ],
    ids=["key", "value", "syntax", "no API key"],
)
async def test_a_bad_configuration_changes_nothing_and_is_named(running, file, caplog, text, words):
    daemon, watcher = running
    file.write_text(text)
    await watcher.reload()

    assert daemon.taken == []
    record = caplog.records[-1]
    assert record.levelname == "ERROR"
    assert record.getMessage().startswith("the configuration stays as it was")
    assert all(word in record.getMessage() for word in words)


async def test_a_configuration_that_vanished_changes_nothing(running, file, caplog):
    daemon, watcher = running
    file.unlink()
    await watcher.reload()
    assert daemon.taken == []
    assert "no such file" in caplog.text


@pytest.mark.parametrize("text", [GOOD, "[sink\n"], ids=["good", "bad"])
async def test_systemd_is_told_of_both_ends_whatever_the_outcome(running, systemd, file, text):
    sock, notifier = systemd
    file.write_text(text)
    notifier.ready()
    await running[1].reload()

    first, begin, end = received(sock)
    assert (first, end) == ("READY=1", "READY=1")
    reloading, _, since = begin.partition("\n")
    assert reloading == "RELOADING=1"
    assert since.removeprefix("MONOTONIC_USEC=").isdigit()


async def test_a_reload_before_frames_flow_does_not_make_the_service_ready(running, systemd):
    await running[1].reload()
    assert received(systemd[0]) == []


def test_differences_are_the_dotted_keys_in_order():
    old = Config()
    new = Config(sink=SinkConfig(fps=30, label="x"), log=LogConfig(level="error"), presets=())
    assert differences(old, new) == ["sink.label", "sink.fps", "log.level", "presets"]


async def test_what_is_wrong_is_said_in_a_sentence_until_it_is_mended(running, file):
    daemon, watcher = running
    assert watcher.error is None
    file.write_text("[reactor]\nlocal = true\n[sink]\nwidht = 640\nhieght = 1\n")
    await watcher.check()
    assert watcher.error is not None
    assert watcher.error.startswith(f"the changed configuration is not in force: {file}:4:")
    assert watcher.error.endswith("(and 1 more: sana-vcam config check)")
    file.write_text(GOOD)
    await watcher.check()
    assert watcher.error is None
    assert len(daemon.taken) == 1


async def test_a_change_that_nobody_asked_about_is_said_once(running, file, caplog):
    daemon, watcher = running
    file.write_text("[sink\n")
    for _ in range(3):
        await watcher.check()
    assert len(caplog.records) == 1
    await watcher.reload()
    assert len(caplog.records) == 2, "asked for, it answers"
    file.write_text(GOOD)
    caplog.clear()
    for _ in range(3):
        await watcher.check()
    assert [m for m in caplog.messages if m.startswith("configuration read again")] != []
    assert len(daemon.taken) == 1
    assert len(caplog.records) == 2, "what is in force now, and what waits"


async def test_a_warning_about_the_files_is_said_once(running, file, caplog):
    _, watcher = running
    file.write_text(GOOD + '[control]\ntoken = "secret"\n')
    file.chmod(0o644)
    for _ in range(3):
        await watcher.check()
    assert len([m for m in caplog.messages if "others may read it" in m]) == 1
    assert 'secret"' not in caplog.text


def test_only_what_can_change_while_running_is_taken_over():
    new = Config(
        capture=CaptureConfig(when="always"),
        playout=PlayoutConfig(max_delay_ms=0, slate_after_s=9, transition="fade"),
        privacy=PrivacyConfig(allow_bypass=True, away="black"),
        sink=SinkConfig(fps=30),
    )
    merged = without_restart(Config(), new)
    assert differences(Config(), merged) == [
        "capture.when",
        "playout.max_delay_ms",
        "playout.slate_after_s",
        "playout.transition",
        "privacy.away",
    ]


# -- the file, followed and edited ----------------------------------------------------------------


class Source(ConfigSource):
    """A source that counts how often it is looked at."""

    looks = 0

    def signature(self):
        found = super().signature()
        type(self).looks += 1
        return found


class Rig:
    """A watched file, and the configurations that were taken on."""

    def __init__(self, path, source=Source, anyway_every_s=0.001):
        self.path = path
        self.own = path.with_name("presets.toml")
        self.taken = []
        self._took = asyncio.Event()
        self.watcher = ConfigWatcher(
            source(path),
            Config(),
            self._take_on,
            Notifier(""),
            look_every_s=0.001,
            anyway_every_s=anyway_every_s,
        )

    def _take_on(self, config):
        self.taken.append(config)
        self._took.set()
        return []

    async def until_taken(self):
        async with asyncio.timeout(30):
            await self._took.wait()
        self._took.clear()
        return self.taken[-1]

    async def until_wrong(self):
        async with asyncio.timeout(30):
            while self.watcher.error is None:
                await asyncio.sleep(0.001)

    async def looks(self, count):
        """Wait until the file has been looked at so many times more."""
        wanted = Source.looks + count
        async with asyncio.timeout(30):
            while Source.looks < wanted:
                await asyncio.sleep(0.001)

    @asynccontextmanager
    async def watching(self):
        task = asyncio.create_task(self.watcher.watch())
        await self.looks(1)
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


LOCAL = "[reactor]\nlocal = true\n"


@pytest.fixture
def rig(tmp_path):
    path = tmp_path / "config.toml"
    path.write_text(LOCAL)
    return Rig(path)


async def test_a_change_is_taken_on_once(rig):
    async with rig.watching():
        await rig.looks(5)
        assert rig.taken == []
        rig.path.write_text(LOCAL + "[sink]\nfps = 30\n")
        assert (await rig.until_taken()).sink.fps == 30
        await rig.looks(5)
        rig.path.unlink()
        await rig.until_wrong()
        await rig.looks(5)
        assert len(rig.taken) == 1


async def test_a_change_between_the_start_and_the_first_look_is_taken_on(rig):
    source = rig.watcher._source
    source.load()
    rig.path.write_text(LOCAL + "[sink]\nfps = 30\n")
    async with rig.watching():
        assert (await rig.until_taken()).sink.fps == 30


@pytest.mark.skipif(sys.platform != "linux", reason="inotify is Linux's")
async def test_a_change_is_taken_on_without_looking_for_it(tmp_path):
    path = tmp_path / "new" / "config.toml"
    rig = Rig(path, anyway_every_s=3600.0)
    async with rig.watching():
        path.parent.mkdir()
        path.write_text(LOCAL + "[sink]\nfps = 30\n")
        assert (await rig.until_taken()).sink.fps == 30
        rig.own.with_suffix(".new").write_text("[[presets]]\nid = 'a'\nname = 'A'\nprompt = 'b'\n")
        rig.own.with_suffix(".new").rename(rig.own)
        assert "a" in {preset.id for preset in (await rig.until_taken()).presets}


@pytest.mark.parametrize(
    ("seen", "reads_at"),
    [
        ("00000", []),
        ("01111", [3]),
        ("012333", [5]),
        ("0100", []),
        ("011022", [3, 6]),
        ("011000", [3, 5]),
    ],
    ids=["same", "changed", "being written", "taken back", "twice", "there and back"],
)
async def test_it_is_read_when_two_looks_find_the_same_new_one(rig, seen, reads_at):
    looks, reads = [], []
    done = asyncio.Event()

    class Scripted(Source):
        def signature(self):
            if len(looks) < len(seen):
                looks.append(seen[len(looks)])
            else:
                done.set()
            return tuple(looks[-1])

        def load(self):
            reads.append(len(looks))
            return super().load()

    watcher = Rig(rig.path, Scripted).watcher
    watcher._source.at_first = tuple(seen[0])
    task = asyncio.create_task(watcher.watch())
    async with asyncio.timeout(30):
        await done.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert reads == reads_at


async def test_an_edit_is_written_and_taken_on_before_it_returns(rig):
    await rig.watcher.edit(Save(Preset(id="dusk", name="Dusk", prompt="x")))
    assert len(rig.taken) == 1
    assert "dusk" in [preset.id for preset in rig.taken[0].presets]
    assert 'id = "dusk"' in rig.own.read_text()
    assert rig.path.read_text() == LOCAL


async def test_presets_edited_by_hand_are_taken_on_and_wrong_ones_are_not(rig):
    async with rig.watching():
        rig.own.write_text("presets = []\n")
        assert (await rig.until_taken()).presets == ()
        rig.own.write_text("[[presets]]\nid = ?\n")
        await rig.until_wrong()
        assert f"{rig.own}:2:6: this is not TOML" in rig.watcher.error
        with pytest.raises(CommandFailed, match="is wrong, so the presets are not edited"):
            await rig.watcher.edit(Remove("noir"))
        assert len(rig.taken) == 1
        rig.own.unlink()
        assert (await rig.until_taken()).presets == BUILTIN_PRESETS
        assert rig.watcher.error is None


async def test_a_later_edit_of_the_old_list_is_told_once(rig, caplog):
    await rig.watcher.edit(Remove("noir"))
    rig.path.write_text(LOCAL + '[[presets]]\nid = "a"\nname = "A"\nprompt = "x"\n')
    for _ in range(3):
        await rig.watcher.check()
    told = [message for message in caplog.messages if "are not in force" in message]
    assert [message.partition(": ")[0] for message in told] == [f"{rig.path}:3"]
    assert str(rig.own) in told[0]
    assert len(rig.taken) == 1


async def test_edits_at_once_are_all_made(rig):
    names = {f"look-{number}" for number in range(5)}
    edits = [Save(Preset(id=name, name="x", prompt="x")) for name in names]
    await asyncio.gather(*map(rig.watcher.edit, edits))
    assert names <= {preset.id for preset in rig.taken[-1].presets}
    text = rig.own.read_text()
    assert all(f'id = "{name}"' in text for name in names)


async def test_a_refused_edit_takes_nothing_on(rig):
    with pytest.raises(CommandFailed, match="no preset 'x'"):
        await rig.watcher.edit(Remove("x"))
    assert rig.taken == []
    assert rig.path.read_text() == LOCAL
    assert not rig.own.exists()
