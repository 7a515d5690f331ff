// The picture that viewers see: video over WebRTC, or stills where that cannot be had.
//
//     hidden tab, no connection ──▶ off
//     start ──▶ stills at once ──▶ video as soon as its first frame is shown
//                  ▲                   │ no frame for 3 s, or the connection failed
//                  └───────────────────┘ and video is tried again after a pause

import { $, setAttribute, setText } from "./dom.js";
import { can, isReachable } from "./store.js";

const STILL_EVERY_MS = 1000;
const OLD_STILL_MS = 4000;
const STALLED_MS = 3000;
const GATHER_MS = 2000;
const FIRST_FRAME_MS = 10000;
const VIDEO_PAUSES_MS = [3000, 10000, 30000];

const pause = (ms, signal) =>
  new Promise((done) => {
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", () => (clearTimeout(timer), done()), { once: true });
  });

/** Show the preview for as long as the page is seen and connected. */
export function showPreview(store, connection) {
  const preview = new Preview(connection);
  const follow = () => preview.follow(store.model);
  store.watch(follow);
  document.addEventListener("visibilitychange", follow);
}

class Preview {
  #connection;
  #video = $("preview-video");
  #still = $("preview-still");
  #running = null; // an AbortController while on
  #videoOn = false;
  #stillAt = 0;
  #frames = [];
  #reason = "";
  #round = 0; // of the newest video

  constructor(connection) {
    this.#connection = connection;
  }

  /** Start or stop as the page and the connection are now. */
  follow(model) {
    const wanted = isReachable(model) && model.hello !== null && !document.hidden;
    if (wanted && this.#running === null) this.#start(model);
    if (!wanted && this.#running !== null) this.#stop();
    if (!wanted) this.#reason = document.hidden ? "Stopped while this tab is hidden" : "No connection, so no picture";
    this.#label();
  }

  #start(model) {
    this.#running = new AbortController();
    this.#reason = "";
    const { signal } = this.#running;
    this.#keepStills(signal);
    if (can(model, "preview") && isAble()) this.#keepVideo(signal);
  }

  #stop() {
    this.#running.abort();
    this.#running = null;
    this.#dropVideo();
    this.#dropStill();
  }

  // Stills

  async #keepStills(signal) {
    while (!signal.aborted) {
      if (!this.#videoOn) await this.#takeStill(signal);
      await pause(STILL_EVERY_MS, signal);
      if (!signal.aborted) this.#label();
    }
  }

  async #takeStill(signal) {
    try {
      const { mime, data } = await this.#connection.ask("snapshot");
      if (!signal.aborted && !this.#videoOn) await this.#showStill(await decoded(mime, data));
    } catch (error) {
      if (signal.aborted) return;
      this.#dropStill();
      this.#reason = error.code === "not_ready" ? "No picture yet" : `No picture: ${error.message}`;
    }
    this.#label();
  }

  async #showStill(url) {
    const before = this.#still.src;
    this.#still.src = url;
    // Not shown half loaded; a picture that cannot be read is an error like any other.
    await this.#still.decode();
    if (before.startsWith("blob:")) URL.revokeObjectURL(before);
    this.#stillAt = performance.now();
    this.#still.hidden = this.#videoOn || this.#running === null;
  }

  #dropStill() {
    if (this.#still.src.startsWith("blob:")) URL.revokeObjectURL(this.#still.src);
    this.#still.removeAttribute("src");
    this.#still.hidden = true;
    this.#stillAt = 0;
  }

  // Video

  async #keepVideo(signal) {
    for (let failures = 0; !signal.aborted; failures++) {
      const began = performance.now();
      const error = await this.#oneVideo(signal).catch((reason) => reason);
      this.#dropVideo();
      if (signal.aborted || error?.code === "unknown_command") return;
      console.info(`the video preview ended: ${error?.message ?? "no frame came"}`);
      if (performance.now() - began > VIDEO_PAUSES_MS.at(-1)) failures = 0;
      await pause(VIDEO_PAUSES_MS[Math.min(failures, VIDEO_PAUSES_MS.length - 1)], signal);
    }
  }

  /** From the offer to the end of one video; resolves when it stalls or is not wanted any more. */
  async #oneVideo(signal) {
    const round = ++this.#round;
    const peer = new RTCPeerConnection();
    const ended = new AbortController();
    const finish = () => ended.abort();
    signal.addEventListener("abort", finish, { once: true });
    try {
      peer.addTransceiver("video", { direction: "recvonly" });
      peer.addEventListener("track", ({ track }) => (this.#video.srcObject = new MediaStream([track])));
      peer.addEventListener("connectionstatechange", () => {
        if (peer.connectionState === "failed" || peer.connectionState === "closed") finish();
      });
      await peer.setLocalDescription();
      await gathered(peer, ended.signal);
      const { sdp } = await this.#connection.ask("preview", { sdp: peer.localDescription.sdp });
      if (signal.aborted) return;
      await peer.setRemoteDescription({ type: "answer", sdp });
      await this.#watchFrames(ended.signal);
    } finally {
      signal.removeEventListener("abort", finish);
      ended.abort();
      peer.close();
      // A newer one has taken its place already, and is not to be stopped.
      if (round === this.#round) this.#stopVideo();
    }
  }

  async #watchFrames(signal) {
    let newest = performance.now();
    let patience = FIRST_FRAME_MS;
    const seen = () => {
      if (signal.aborted) return;
      newest = performance.now();
      patience = STALLED_MS;
      this.#frames = [...this.#frames.filter((at) => newest - at < 2000), newest];
      if (!this.#videoOn) this.#showVideo();
      this.#video.requestVideoFrameCallback(seen);
    };
    this.#video.requestVideoFrameCallback(seen);
    while (!signal.aborted && performance.now() - newest < patience) await pause(250, signal);
  }

  #stopVideo() {
    this.#connection.ask("stop_preview").catch((error) => console.info(`stop_preview: ${error.message}`));
  }

  #showVideo() {
    this.#videoOn = true;
    this.#video.hidden = false;
    this.#dropStill();
    this.#label();
  }

  #dropVideo() {
    this.#videoOn = false;
    this.#frames = [];
    this.#video.hidden = true;
    this.#video.srcObject = null;
  }

  // What is said about it

  #label() {
    const [mode, text, note] = this.#words();
    setAttribute($("screen"), "data-preview", mode);
    setText($("preview-mode"), text);
    setText($("screen-note"), note);
  }

  #words() {
    if (this.#running === null) return ["off", "Not live", this.#reason];
    if (this.#videoOn) return ["video", "Live video", ""];
    if (this.#stillAt === 0) return ["none", "No picture", this.#reason.startsWith("No picture") ? this.#reason : ""];
    const old = performance.now() - this.#stillAt;
    if (old > OLD_STILL_MS) return ["old", `Not live: ${Math.round(old / 1000)} s old`, ""];
    return ["stills", "Stills, one a second", ""];
  }
}

/** Whether this browser has what the video takes; an old one shows stills. */
function isAble() {
  return "RTCPeerConnection" in window && "requestVideoFrameCallback" in HTMLVideoElement.prototype;
}

/** Base64 to the address of a picture in memory. */
async function decoded(mime, data) {
  const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
  return URL.createObjectURL(new Blob([bytes], { type: mime }));
}

/** Wait until all of our addresses are in the offer: none can be sent later. */
async function gathered(peer, signal) {
  if (peer.iceGatheringState === "complete") return;
  const complete = new Promise((done) =>
    peer.addEventListener("icegatheringstatechange", () => peer.iceGatheringState === "complete" && done()),
  );
  await Promise.race([complete, pause(GATHER_MS, signal)]);
}
