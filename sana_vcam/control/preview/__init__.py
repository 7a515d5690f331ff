"""The live preview: what viewers see, over WebRTC to the dashboard on this machine."""
