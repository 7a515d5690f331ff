"""API keys as people keep them: saved by any editor, copied from a page or from a shell's file."""

from __future__ import annotations

from pathlib import Path

import pytest

from sana_vcam.config.load import load
from sana_vcam.errors import ConfigError


@pytest.fixture(autouse=True)
def _no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REACTOR_API_KEY", raising=False)


def key_of(environ: dict[str, str], **overrides: object) -> str | None:
    given = {f"reactor.{name}": value for name, value in overrides.items()}
    key = load(Path("/dev/null"), given, environ).config.reactor.api_key
    return None if key is None else key.get_secret_value()


@pytest.mark.parametrize(
    "content",
    [
        b"rk_test",
        b"\xef\xbb\xbfrk_test\r\n",
        "rk_test\u200b\n".encode(),
        "\u00a0rk_test\u2060 \n".encode(),
        b"REACTOR_API_KEY=rk_test\n",
        b'export REACTOR_API_KEY = "rk_test"\n',
        b"\xef\xbb\xbf'rk_test'",
    ],
    ids=range(7),
)
def test_what_is_around_a_key_does_not_count(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "reactor_api_key"
    file.write_bytes(content)
    file.chmod(0o600)
    assert key_of({}, api_key_file=str(file)) == "rk_test"
    assert key_of({"CREDENTIALS_DIRECTORY": str(tmp_path)}) == "rk_test"


@pytest.mark.parametrize("text", ["rk_test\u200b", "\ufeffrk_test\r\n", "rk_test"])
def test_nor_in_the_environment(text: str) -> None:
    assert key_of({"REACTOR_API_KEY": text}) == "rk_test"


@pytest.mark.parametrize("text", ["rk_\u200btest", "rk test", "rk_\u00e9", "rk_\udce9"])
def test_what_is_within_one_is_refused_and_not_shown(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        key_of({"REACTOR_API_KEY": text})
    assert "one word of printable ASCII" in str(caught.value)
    assert text not in str(caught.value)
