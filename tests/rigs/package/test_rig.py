"""The sdist builds the wheel, the wheel has all files, and what it installs works by itself."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from email.message import Message
from email.parser import Parser
from pathlib import Path

import pytest

from sana_vcam import __version__
from tests.rigs.package.building import (
    PACKAGE,
    PATIENCE_S,
    Installed,
    built,
    in_the_repository,
    in_the_wheel,
    installed,
    unpacked,
)

CONSUMER = """
import asyncio

from sana_vcam.reactor import ChunkComplete, CommandRejected, SanaClient
from sana_vcam.reactor.models import find


async def main() -> None:
    async with SanaClient(api_url="http://127.0.0.1:9", local=True) as client:
        client.on(ChunkComplete, lambda chunk: print(chunk.chunk_index + 1))
        await client.connect()
        try:
            await client.set_prompt("as a charcoal drawing")
        except CommandRejected as error:
            print(error)
    reveal_type(find("x2"))
    await client.set_prompt(7)


asyncio.run(main())
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel from the sdist, as a packager does."""
    top = tmp_path_factory.mktemp("package")
    sdist = built("sdist", PACKAGE.parent, top / "sdist")
    return built("wheel", unpacked(sdist, top / "source"), top / "wheel")


@pytest.fixture(scope="module")
def there(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    return installed(wheel, tmp_path_factory.mktemp("there"))


@pytest.fixture(scope="module")
def metadata(wheel: Path) -> Message:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        return Parser().parsestr(archive.read(name).decode())


def test_the_wheel_has_every_file_of_the_package(wheel: Path):
    shipped, ours = in_the_wheel(wheel), in_the_repository()
    assert sorted(shipped) == sorted(ours)
    assert [name for name in ours if shipped[name] != ours[name]] == []
    kinds = {name.rpartition(".")[2] for name in shipped}
    assert {"py", "md", "html", "js", "webp", "service", "conf", "rules", "typed"} <= kinds


def test_the_metadata_says_what_it_is(metadata: Message):
    assert metadata["Name"] == "sana-vcam"
    assert metadata["Version"] == __version__
    assert metadata["License-Expression"] == "MIT"
    assert metadata["Requires-Python"] == ">=3.12"
    classifiers = metadata.get_all("Classifier") or []
    for minor in (12, 13, 14):
        assert f"Programming Language :: Python :: 3.{minor}" in classifiers
    assert "Typing :: Typed" in classifiers
    assert "webcam" in metadata["Keywords"].split(",")


def test_its_files_are_used_and_not_the_repositorys(there: Installed):
    told = there.run_any([str(there.python), "-c", "import sana_vcam; print(sana_vcam.__file__)"])
    assert Path(told.stdout.strip()).is_relative_to(there.site)


def test_the_doctor_looks_around(there: Installed):
    done = there.run("doctor")
    assert "Traceback" not in done.stderr
    assert "sana-vcam" in done.stdout
    assert done.returncode in {0, 1}, done.stderr


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (("deck", "package"), "sana-vcam.streamDeckPlugin"),
        (("deck", "companion"), None),
    ],
)
def test_a_plugin_is_written(there: Installed, words: tuple[str, ...], name: str | None):
    done = there.run(*words)
    assert done.returncode == 0, done.stderr
    if name is not None:
        with zipfile.ZipFile(there.home / name) as archive:
            assert any(inside.endswith("bin/plugin.js") for inside in archive.namelist())


def test_a_service_would_start_this_installation(there: Installed):
    done = there.run("service", "install", "--dry-run")
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(rf"ExecStart={there.folder}/bin/sana-vcam run$", done.stdout, re.MULTILINE)


def test_the_licences_are_told(there: Installed):
    done = there.run("licences")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "@elgato/streamdeck" in done.stdout


def test_a_consumers_types_are_checked(there: Installed, tmp_path: Path):
    program = tmp_path / "consumer.py"
    program.write_text(CONSUMER)
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--python-executable", str(there.python),
         "--cache-dir", str(tmp_path / "cache"), str(program)],
        cwd=tmp_path, env=there.environment(), capture_output=True, text=True, check=False,
        timeout=PATIENCE_S,
    )  # fmt: skip
    told = [line.partition(": ")[2] for line in done.stdout.splitlines()]
    assert told[:-1] == [
        'note: Revealed type is "sana_vcam.reactor.models.record.Model | None"',
        'error: Argument 1 to "set_prompt" of "SanaClient" has incompatible type "int"; '
        'expected "str"  [arg-type]',
    ]
