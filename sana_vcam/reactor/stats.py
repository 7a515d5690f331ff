"""The SDK's statistics of a connection, as far as they say how good it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from reactor_sdk import ConnectionStats as SdkStats


@dataclass(frozen=True, slots=True)
class ConnectionStats:
    """One snapshot. Counters run since the connection came up, and anew after a reconnect.

    None is "not measured yet". Of the picture's two ways, "up" is the camera's to the model.
    """

    rtt_ms: float | None
    """Round trip; 0 or 1 on the same machine."""
    relay: str | None
    """How a relay is reached: udp, tcp or tls; None without a relay."""
    bytes_up: int
    bytes_down: int
    packets_down: int
    lost_down: int
    """Packets of the model's video that did not come; duplicates count below zero."""
    loss_up: float | None
    """Share of the camera's packets that the far end reported lost in its last report, 0..1."""
    target_bps: float | None
    """What the encoder may use, as the congestion control sees the way up."""
    frames_up: int
    """Camera frames that were encoded and sent."""

    @classmethod
    def of(cls, stats: SdkStats) -> Self:
        """Take what is needed; the SDK's own rates are left, as they are often missing."""
        video_up = [stream for stream in stats.outbound if stream.kind != "audio"]
        video_down = [stream for stream in stats.inbound if stream.kind != "audio"]
        # Before the far end's first report, its zeros are no measurement.
        reported = [stream for stream in video_up if stream.round_trip_time_s > 0]
        relayed = stats.candidate_type == "relay"
        return cls(
            rtt_ms=stats.rtt_ms,
            relay=(stats.relay_protocol or "udp") if relayed else None,
            bytes_up=stats.bytes_sent,
            bytes_down=stats.bytes_received,
            packets_down=sum(stream.packets_received for stream in video_down),
            lost_down=sum(stream.packets_lost for stream in video_down),
            loss_up=max((stream.fraction_lost for stream in reported), default=None),
            target_bps=stats.target_bitrate_bps or None,
            frames_up=sum(stream.frames_sent for stream in video_up),
        )
