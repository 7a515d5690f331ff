"""Offers: what is taken over from them, what is refused, and noise."""

import logging
import random

import pytest

from sana_vcam.control.preview.offer import read_offer
from sana_vcam.errors import CommandFailed
from tests.fakes.offers import CHROMIUM, FINGERPRINT, MALFORMED, REFUSED, changed
from tests.fakes.viewers import viewer


def refusal(text):
    with pytest.raises(CommandFailed) as caught:
        read_offer(text)
    assert caught.value.code == "invalid_data"
    assert len(str(caught.value)) < 200
    return str(caught.value)


def test_chromiums_offer_is_reduced_to_what_is_needed():
    assert read_offer(CHROMIUM).sdp.split("\r\n") == [
        "v=0",
        "o=- 0 0 IN IP4 0.0.0.0",
        "s=-",
        "t=0 0",
        "a=group:BUNDLE 0",
        "m=video 9 UDP/TLS/RTP/SAVPF 96 97",
        "c=IN IP4 0.0.0.0",
        "a=recvonly",
        "a=mid:0",
        "a=rtcp:9 IN IP4 0.0.0.0",
        "a=rtcp-mux",
        "a=rtpmap:96 VP8/90000",
        "a=rtcp-fb:96 goog-remb",
        "a=rtcp-fb:96 ccm fir",
        "a=rtcp-fb:96 nack",
        "a=rtcp-fb:96 nack pli",
        "a=rtpmap:97 rtx/90000",
        "a=fmtp:97 apt=96",
        "a=ice-ufrag:eNEk",
        "a=ice-pwd:Kva5cqa52U73D5SCmdcIbo99",
        f"a=fingerprint:sha-256 {FINGERPRINT}",
        "a=setup:actpass",
        "",
    ]


@pytest.mark.parametrize(
    "address", ["10.0.0.1", "192.0.2.7", "evil.example", "x.local", "::1", "224.0.0.1"]
)
def test_no_address_of_theirs_is_taken_over(address):
    """Each would be sent packets, or be looked up."""
    text = changed("228c976d-189c-4ab3-a338-47516639fbe1.local", address)
    text = text.replace("c=IN IP4 0.0.0.0", "c=IN IP4 192.0.2.7")
    assert read_offer(text).sdp == read_offer(CHROMIUM).sdp


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed(name):
    assert refusal(MALFORMED[name]).startswith("sdp: this offer cannot be answered: ")


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name):
    refusal(REFUSED[name])


def code_of(text):
    """Why an offer is refused; None if it is read."""
    try:
        read_offer(text)
    except CommandFailed as error:
        return error.code
    return None


def mutated(rng):
    """An offer with a few random changes."""
    lines = CHROMIUM.split("\r\n")
    for _ in range(rng.randrange(1, 5)):
        at = rng.randrange(len(lines))
        line = lines[at]
        match rng.randrange(6):
            case 0:
                del lines[at]
            case 1:
                lines.insert(rng.randrange(len(lines)), line)
            case 2:
                lines[at] = line[: rng.randrange(len(line) + 1)]
            case 3:
                lines[at] = line + rng.choice(["x", " ", "9" * 30, "\x00", ":", ";apt=96", "é"])
            case 4:
                where = rng.randrange(len(line) + 1)
                lines[at] = line[:where] + chr(rng.randrange(1, 0x2FF)) + line[where + 1 :]
            case _:
                lines[at] = line.replace(rng.choice(["96", "0", "9", "video"]), "97")
        if not lines:
            break
    return rng.choice(["\r\n", "\n"]).join(lines)


def test_ten_thousand_mutated_offers_are_read_or_refused():
    rng = random.Random(7262)
    read = 0
    for _ in range(10_000):
        text = mutated(rng)
        code = code_of(text)
        assert code in {None, "invalid_data"}
        if code is None:
            read += 1
            offer = read_offer(text)
            assert "candidate" not in offer.sdp
            assert offer.sdp.count("m=") == 1
    assert 1000 < read < 9000


async def test_what_is_read_can_be_answered(preview_server, caplog):
    """The library is never brought into a state that it writes a traceback about."""
    rng = random.Random(7262)
    answered = 0
    while answered < 60:
        text = mutated(rng)
        if code_of(text) is not None:
            continue
        preview, answer = await preview_server.open(text, None)
        answered += 1
        assert answer.count("m=video") == 1
        assert "a=sendonly" in answer
        await preview.close()
    assert not preview_server._peers
    assert not [one for one in caplog.records if one.levelno > logging.INFO]


async def test_our_own_viewers_offer_is_read():
    async with viewer() as one:
        assert "VP8" in read_offer(await one.offer()).sdp
