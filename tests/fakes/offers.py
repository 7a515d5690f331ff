"""Offers as browsers make them, and what a mischievous client could make of them."""

FINGERPRINT = ":".join(["A0", "0b"] * 16)

CANDIDATE = (
    "a=candidate:1156965250 1 udp 2113937151 228c976d-189c-4ab3-a338-47516639fbe1.local 36482 "
    "typ host generation 0 network-cost 999"
)
CHROMIUM = f"""v=0
o=- 5312012441 2 IN IP4 127.0.0.1
s=-
t=0 0
a=group:BUNDLE 0
a=extmap-allow-mixed
a=msid-semantic: WMS
m=video 9 UDP/TLS/RTP/SAVPF 96 97 39 40 98 99 103 104 49
c=IN IP4 0.0.0.0
a=rtcp:9 IN IP4 0.0.0.0
{CANDIDATE}
a=ice-ufrag:eNEk
a=ice-pwd:Kva5cqa52U73D5SCmdcIbo99
a=ice-options:trickle
a=fingerprint:sha-256 {FINGERPRINT}
a=setup:actpass
a=mid:0
a=extmap:1 urn:ietf:params:rtp-hdrext:toffset
a=extmap:2 http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time
a=recvonly
a=rtcp-mux
a=rtcp-rsize
a=rtpmap:96 VP8/90000
a=rtcp-fb:96 goog-remb
a=rtcp-fb:96 transport-cc
a=rtcp-fb:96 ccm fir
a=rtcp-fb:96 nack
a=rtcp-fb:96 nack pli
a=rtpmap:97 rtx/90000
a=fmtp:97 apt=96
a=rtpmap:39 AV1/90000
a=fmtp:39 level-idx=5;profile=0;tier=0
a=rtpmap:40 rtx/90000
a=fmtp:40 apt=39
a=rtpmap:98 VP9/90000
a=fmtp:98 profile-id=0
a=rtpmap:99 rtx/90000
a=fmtp:99 apt=98
a=rtpmap:103 H264/90000
a=fmtp:103 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42001f
a=rtpmap:104 rtx/90000
a=fmtp:104 apt=103
a=rtpmap:49 flexfec-03/90000
a=end-of-candidates
""".replace("\n", "\r\n")

VIDEO = CHROMIUM[CHROMIUM.index("m=video") :]
AUDIO = VIDEO.replace("m=video", "m=audio").replace("a=mid:0", "a=mid:1")
DATA = VIDEO.replace(
    "m=video 9 UDP/TLS/RTP/SAVPF 96 97 39 40 98 99 103 104 49",
    "m=application 9 UDP/DTLS/SCTP webrtc-datachannel",
).replace("a=mid:0", "a=mid:1")


def changed(old: str, new: str) -> str:
    assert old in CHROMIUM
    return CHROMIUM.replace(old, new)


MALFORMED = {
    "nothing": "",
    "a word": "hello",
    "json": '{"type": "offer", "sdp": ""}',
    "only a session": "v=0\r\no=- 0 0 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n",
    "no version": CHROMIUM.replace("v=0", "v=x"),
    "a media line that is cut off": changed("m=video 9", "m=video"),
    "a port that is no number": changed("m=video 9", "m=video nine"),
    "a payload that is no number": changed("SAVPF 96", "SAVPF x"),
    "a payload that is too large": changed("SAVPF 96", "SAVPF 999"),
    "a payload that is forbidden": changed("SAVPF 96", "SAVPF 72"),
    "a codec without a clock": changed("VP8/90000", "VP8"),
    "a fmtp of nothing": changed("a=fmtp:97 apt=96", "a=fmtp:55 apt=96"),
    "apt of a word": changed("apt=96", "apt=x"),
    "a fingerprint of one word": changed(f"sha-256 {FINGERPRINT}", FINGERPRINT),
    "a role that is none": changed("a=setup:actpass", "a=setup:boss"),
    "a candidate that is cut off": changed(" typ host generation 0 network-cost 999", ""),
    "a bundle of nothing": changed("a=group:BUNDLE 0", "a=group"),
    "a null byte": changed("a=mid:0", "a=mid:\x00"),
}

REFUSED = {
    "no ufrag": changed("a=ice-ufrag:eNEk\r\n", ""),
    "a short ufrag": changed("eNEk", "e"),
    "an odd ufrag": changed("eNEk", "eN<k"),
    "no password": changed("a=ice-pwd:Kva5cqa52U73D5SCmdcIbo99\r\n", ""),
    "a short password": changed("Kva5cqa52U73D5SCmdcIbo99", "Kva5"),
    "a huge password": changed("Kva5cqa52U73D5SCmdcIbo99", "K" * 300),
    "no fingerprint": changed(f"a=fingerprint:sha-256 {FINGERPRINT}\r\n", ""),
    "a weak fingerprint": changed("sha-256", "md5"),
    "a short fingerprint": changed(FINGERPRINT, FINGERPRINT[:-3]),
    "an odd fingerprint": changed(FINGERPRINT, FINGERPRINT[:-1] + "X"),
    "many fingerprints": changed(
        f"a=fingerprint:sha-256 {FINGERPRINT}\r\n", f"a=fingerprint:sha-256 {FINGERPRINT}\r\n" * 5
    ),
    "no role": changed("a=setup:actpass\r\n", ""),
    "no mid": changed("a=mid:0\r\n", ""),
    "an odd mid": changed("a=mid:0", "a=mid:0 a=sendrecv"),
    "no VP8": changed("VP8", "VP7"),
    "VP8 at another clock": changed("VP8/90000", "VP8/8000"),
    "ice lite": changed("a=group:BUNDLE 0", "a=ice-lite\r\na=group:BUNDLE 0"),
    "no direction": changed("a=recvonly\r\n", ""),
    "inactive": changed("a=recvonly", "a=inactive"),
    "video of theirs": changed("a=recvonly", "a=sendrecv"),
    "only video of theirs": changed("a=recvonly", "a=sendonly"),
    "sound": CHROMIUM.replace(VIDEO, AUDIO),
    "sound beside": CHROMIUM + AUDIO,
    "a data channel": CHROMIUM.replace(VIDEO, DATA),
    "a data channel beside": CHROMIUM + DATA,
    "two videos": CHROMIUM + VIDEO.replace("a=mid:0", "a=mid:1"),
    "a thousand candidates": CHROMIUM + "a=candidate:1 1 udp 1 10.0.0.1 9 typ host\r\n" * 1000,
}
