"""What is taken from the SDK's statistics, on the SDK's own types."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from reactor_sdk import ConnectionStats as SdkStats
from reactor_sdk._stats import InboundStream, OutboundStream

from sana_vcam.reactor import ConnectionStats

VIDEO_UP = OutboundStream(1, "video", 10, 0, 1000, 2e6, 24.0, 48, 1280, 704, 0.05, 0.1, 0.04, 2)
AUDIO_UP = replace(VIDEO_UP, kind="audio", frames_sent=0, fraction_lost=0.9)
VIDEO_DOWN = InboundStream(2, "video", 500, 7, 9000, 0.01, 0, 0.1, 24.0, 40, 0, 1280, 704)
AUDIO_DOWN = replace(VIDEO_DOWN, kind="audio", packets_lost=100)


def stats(**change: Any) -> ConnectionStats:
    given: dict[str, Any] = {
        "rtt_ms": 42.0,
        "jitter_s": None,
        "packet_loss_ratio": None,
        "incoming_bitrate_bps": None,
        "outgoing_bitrate_bps": None,
        "available_incoming_bitrate_bps": None,
        "available_outgoing_bitrate_bps": None,
        "target_bitrate_bps": 2e6,
        "frames_per_second": None,
        "candidate_type": "host",
        "relay_protocol": None,
        "candidate_pair_state": "succeeded",
        "packets_received": 1000,
        "packets_lost": 107,
        "packets_sent": 20,
        "bytes_received": 18_000,
        "bytes_sent": 2000,
        "timestamp_ms": 0.0,
        "inbound": [VIDEO_DOWN, AUDIO_DOWN],
        "outbound": [VIDEO_UP, AUDIO_UP],
    }
    return ConnectionStats.of(SdkStats(**(given | change)))


def test_the_pictures_streams_count_and_sound_does_not():
    taken = stats()
    assert (taken.packets_down, taken.lost_down) == (500, 7)
    assert (taken.frames_up, taken.loss_up) == (48, 0.04)
    assert (taken.bytes_up, taken.bytes_down, taken.rtt_ms) == (2000, 18_000, 42.0)


def test_zeros_before_the_far_ends_first_report_are_no_measurement():
    assert (
        stats(outbound=[replace(VIDEO_UP, round_trip_time_s=0.0, fraction_lost=0.0)]).loss_up
        is None
    )
    assert stats(outbound=[], target_bitrate_bps=0.0).loss_up is None
    assert stats(target_bitrate_bps=0.0).target_bps is None


def test_a_relay_is_named_by_its_protocol():
    assert stats().relay is None
    assert stats(candidate_type="relay").relay == "udp"
    assert stats(candidate_type="relay", relay_protocol="tls").relay == "tls"
