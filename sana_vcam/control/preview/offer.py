"""What a client may offer: one video that it only receives. Everything else is left out.

The text comes from a client. What is taken over from it is checked here, piece by piece, and put
into a description of our own, so that nothing else of it reaches the WebRTC library: no addresses
(each would be sent packets, or looked up by name), no data channels, no sound, no video of theirs.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from aiortc import RTCDtlsFingerprint
from aiortc.rtcicetransport import RTCIceParameters
from aiortc.rtcrtpparameters import RTCRtpCodecParameters, RTCRtpParameters
from aiortc.sdp import GroupDescription, MediaDescription, SessionDescription

from sana_vcam.errors import CommandFailed

MAX_LINES = 1000
"""Chromium's offer of one video has about 200."""
CODEC = "video/VP8"

_MID = re.compile(r"[A-Za-z0-9._-]{1,16}")
_UFRAG = re.compile(r"[A-Za-z0-9+/]{4,256}")
_PASSWORD = re.compile(r"[A-Za-z0-9+/]{22,256}")
_DIGEST_BYTES = {"sha-256": 32, "sha-384": 48, "sha-512": 64}
_DYNAMIC_PAYLOADS = range(96, 128)


@dataclass(frozen=True, slots=True)
class Offer:
    """An offer that has been understood; `sdp` holds nothing but what was checked."""

    sdp: str


def read_offer(text: str) -> Offer:
    """Read a client's offer, and write anew what may be taken over from it.

    Raises:
        CommandFailed: `invalid_data`; the message says what is wrong with it.
    """
    if text.count("\n") > MAX_LINES:
        raise _refusal(f"it has more than {MAX_LINES} lines")
    try:
        description = SessionDescription.parse(text)
    except Exception as error:
        # The parser raises whatever it stumbles over: it was made for offers, not for noise.
        raise _refusal("it is not the SDP of a WebRTC offer") from error
    if len(description.media) != 1:
        raise _refusal(f"it has {len(description.media)} media; offer one video and nothing else")
    return Offer(_rewritten(description.media[0]))


def _rewritten(media: MediaDescription) -> str:
    if media.kind != "video" or media.direction != "recvonly":
        raise _refusal("offer one video that is received only (direction recvonly)")
    clean = MediaDescription("video", 9, "UDP/TLS/RTP/SAVPF", [])
    clean.host = "0.0.0.0"  # noqa: S104 - SDP's word for "not told here"
    clean.rtcp_port, clean.rtcp_host, clean.rtcp_mux = 9, "0.0.0.0", True  # noqa: S104
    clean.direction = "recvonly"
    clean.rtp = _rtp(media)
    clean.fmt = [codec.payloadType for codec in clean.rtp.codecs]
    clean.ice = _ice(media)
    clean.dtls = media.dtls
    _require_fingerprints(media)
    description = SessionDescription()
    description.origin = "- 0 0 IN IP4 0.0.0.0"
    description.group = [GroupDescription("BUNDLE", [clean.rtp.muxId])]
    description.media = [clean]
    return str(description)


def _rtp(media: MediaDescription) -> RTCRtpParameters:
    """Take VP8, the repair codec that names its number, and no header extension but `mid`."""
    if _MID.fullmatch(media.rtp.muxId or "") is None:
        raise _refusal("its video has no usable a=mid")
    codec = next((one for one in media.rtp.codecs if _is_ours(one)), None)
    if codec is None:
        raise _refusal("its video cannot be VP8")
    repair = [one for one in media.rtp.codecs if _repairs(one, codec.payloadType)]
    codec.parameters = {}
    feedback = {("nack", None), ("nack", "pli"), ("goog-remb", None), ("ccm", "fir")}
    codec.rtcpFeedback = [
        one for one in codec.rtcpFeedback if (one.type, one.parameter) in feedback
    ][: len(feedback)]
    for one in repair:
        one.parameters, one.rtcpFeedback = {"apt": codec.payloadType}, []
    return RTCRtpParameters(muxId=media.rtp.muxId, codecs=[codec, *repair[:1]])


def _is_ours(codec: RTCRtpCodecParameters) -> bool:
    return (
        codec.mimeType.lower() == CODEC.lower()
        and codec.clockRate == 90_000
        and codec.payloadType in _DYNAMIC_PAYLOADS
    )


def _repairs(codec: RTCRtpCodecParameters, payload_type: int | None) -> bool:
    return (
        codec.mimeType.lower() == "video/rtx"
        and codec.clockRate == 90_000
        and codec.parameters.get("apt") == payload_type
        and codec.payloadType in _DYNAMIC_PAYLOADS
        and codec.payloadType != payload_type
    )


def _ice(media: MediaDescription) -> RTCIceParameters:
    ice = media.ice or RTCIceParameters()
    if _UFRAG.fullmatch(ice.usernameFragment or "") is None:
        raise _refusal("its a=ice-ufrag is missing or odd")
    if _PASSWORD.fullmatch(ice.password or "") is None:
        raise _refusal("its a=ice-pwd is missing or odd")
    if ice.iceLite:
        raise _refusal("ICE lite is not spoken here")
    return RTCIceParameters(usernameFragment=ice.usernameFragment, password=ice.password)


def _require_fingerprints(media: MediaDescription) -> None:
    fingerprints = [] if media.dtls is None else media.dtls.fingerprints
    if not 0 < len(fingerprints) <= 4 or not all(_is_fingerprint(one) for one in fingerprints):
        raise _refusal("its a=fingerprint or a=setup is missing or odd")


def _is_fingerprint(fingerprint: RTCDtlsFingerprint) -> bool:
    count = _DIGEST_BYTES.get(fingerprint.algorithm)
    digest = "[0-9A-Fa-f]{2}"
    return count is not None and bool(
        re.fullmatch(f"{digest}(:{digest}){{{count - 1}}}", fingerprint.value)
    )


def _refusal(reason: str) -> CommandFailed:
    return CommandFailed("invalid_data", f"sdp: this offer cannot be answered: {reason}")
