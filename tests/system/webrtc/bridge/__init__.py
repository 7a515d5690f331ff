"""The whole bridge: real SDK, real WebRTC, the stand-in model, and frames read at the raw sink."""
