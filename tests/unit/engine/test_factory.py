"""Where sessions come from: the configuration reaches the client, and old ones can be ended."""

from __future__ import annotations

import pytest

from sana_vcam.config.schema import ReactorConfig
from sana_vcam.engine.factory import ReactorSessionFactory, sending_for
from sana_vcam.engine.quality.sending import Sending
from sana_vcam.reactor import OpenSession, Refused


def test_the_configuration_reaches_the_client():
    config = ReactorConfig(
        api_key="rk_secret",
        api_url="https://api.test",
        model="other",
        max_session_s=90,
        track_width=640,
        track_height=352,
    )
    client = ReactorSessionFactory(config).new_client()
    assert client.platform.api_url == "https://api.test"
    assert client.platform.api_key == "rk_secret"
    assert client.platform.model == "other"
    assert client.platform.max_session_s == 90
    assert client.platform.local is False
    assert client.send_size == (640, 352)
    assert client._start_bps() == 625_000, "as the pixels are, of what is for 1280x704"
    assert ReactorSessionFactory(config).new_client() is not client


def test_each_client_gets_the_size_of_its_moment():
    config = ReactorConfig(local=True)
    sending = Sending(config)
    sessions = ReactorSessionFactory(config, sending)
    sizes = [sessions.new_client().send_size]
    sending.reduced = True
    sizes.append(sessions.new_client().send_size)
    assert sizes == [(1280, 704), (640, 352)]


@pytest.mark.parametrize(
    ("model", "send", "full", "small"),
    [
        ("sana-streaming", "auto", (1280, 704), (640, 352)),
        ("joy-video-edit", "auto", (1248, 720), (624, 360)),
        ("vidu-s2-editing", "auto", (1280, 720), (640, 360)),
        ("x2", "auto", (832, 468), None),
        ("x2", "416x232", (416, 232), None),
        ("helios", "auto", (1280, 704), None),
        ("a-model-of-tomorrow", "auto", (1280, 704), None),
    ],
)
def test_the_sizes_are_the_models_own(model, send, full, small):
    """Never less unasked where what comes back has the size of what is sent, or nobody knows."""
    sending = sending_for(ReactorConfig(model=model, send=send))
    assert (sending.full, sending.small) == (full, small)


async def test_a_cloud_session_cannot_be_ended_without_a_key_and_that_is_no_crash():
    sessions = ReactorSessionFactory(ReactorConfig(local=True, api_url="http://127.0.0.1:9"))
    with pytest.raises(Refused, match="takes the API key"):
        await sessions.end(OpenSession("id", "https://api.test", False, "sana-streaming"))


async def test_the_session_of_a_local_runtime_that_is_gone_has_ended_with_it():
    sessions = ReactorSessionFactory(ReactorConfig(local=True))
    await sessions.end(OpenSession("id", "http://127.0.0.1:9", True, "sana-streaming"))
