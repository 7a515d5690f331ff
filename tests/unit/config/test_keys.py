"""API keys as people keep them: saved by any editor, copied from a page or from a shell's file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sana_vcam.config.apikey import bare_key
from sana_vcam.config.load import load
from sana_vcam.errors import ConfigError
from sana_vcam.host.service.install import Options, key_from


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


WRAPPED = [
    "rk_test",
    "rk_test\u200b",
    "\ufeffrk_test\r\n",
    '"rk_test"',
    "'rk_test'\n",
    "\u201crk_test\u201d",
    "`rk_test`",
    "<rk_test>",
    "Bearer rk_test",
    "bearer  'rk_test'",
    "Authorization: Bearer rk_test",
    'REACTOR_API_KEY="rk_test"',
    "export REACTOR_API_KEY='rk_test'",
    '$env:REACTOR_API_KEY = "rk_test"',
    "set REACTOR_API_KEY=rk_test\r\n",
    "reactor_api_key: rk_test",
    "\"'\ufeff rk_test'\"",
]


@pytest.mark.parametrize("text", WRAPPED)
def test_nor_wherever_else_it_is_given(text: str, tmp_path: Path) -> None:
    assert key_of({"REACTOR_API_KEY": text}) == "rk_test"
    assert key_of({"SANA_VCAM_REACTOR__API_KEY": text}) == "rk_test"
    file = tmp_path / "config.toml"
    file.write_text(f"[reactor]\napi_key = {json.dumps(text)}\n")
    file.chmod(0o600)
    key = load(file, {}, {}).config.reactor.api_key
    assert key is not None
    assert key.get_secret_value() == "rk_test"
    assert key_from({"REACTOR_API_KEY": text}, Options()) == "rk_test"


@pytest.mark.parametrize("text", ["", " ", "\ufeff", '""', "REACTOR_API_KEY="])
def test_what_is_only_around_one_is_none(text: str) -> None:
    assert key_of({"REACTOR_API_KEY": text}) is None


@pytest.mark.parametrize("text", ['rk_"test', "rk_test'", "bearer", "rk=test", "'"])
def test_a_key_itself_is_left_as_it_is(text: str) -> None:
    assert bare_key(text) == text


def test_a_token_of_the_control_api_is_left_as_it_is() -> None:
    """Clients present it as it stands in their own environment."""
    loaded = load(Path("/dev/null"), {}, {"SANA_VCAM_CONTROL__TOKEN": "'abc'"})
    token = loaded.config.control.token
    assert token is not None
    assert token.get_secret_value() == "'abc'"


@pytest.mark.parametrize("text", ["rk_\u200btest", "rk test", "rk_\u00e9", "rk_\udce9"])
def test_what_is_within_one_is_refused_and_not_shown(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        key_of({"REACTOR_API_KEY": text})
    assert "one word of printable ASCII" in str(caught.value)
    assert text not in str(caught.value)
