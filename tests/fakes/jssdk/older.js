// What the published SDK (2.9.0) lacks towards the runtime (3.10), of which it is a generation behind.
// The runtime keeps a place for it: an id for callers that know one connection a session, and the same
// JSON. Two things are added here, neither of which costs anything per frame: that id in one address,
// and the second data channel, on which the camera's track is announced and the edited one asked for
// (until then it is paused). Import this before the SDK connects.
const ONLY_CONNECTION = 1001;
const fetched = window.fetch;
window.fetch = (address, options) =>
  fetched(
    String(address).replace(
      /(?<=\/transport\/webrtc)\/sdp_params$/,
      `/connections/${ONLY_CONNECTION}/sdp_params`,
    ),
    options,
  );
export let connection;
let control;
const opened = RTCPeerConnection.prototype.createDataChannel;
RTCPeerConnection.prototype.createDataChannel = function (label, ...rest) {
  connection = this;
  control = opened.call(this, "control");
  return opened.call(this, label, ...rest);
};

// Resolves when the model has taken the track.
export function announce(name) {
  const request = { type: "request", method: "publish_track", request_id: "1", data: { name } };
  return new Promise((resolve, reject) => {
    control.addEventListener("message", ({ data }) => {
      const answer = JSON.parse(typeof data === "string" ? data : new TextDecoder().decode(data));
      if (answer.error) reject(new Error(answer.error.message));
      else if (answer.request_id === request.request_id) resolve();
    });
    control.send(JSON.stringify(request));
  });
}

export function subscribe(name) {
  control.send(JSON.stringify({ type: "notification", event: "resume_track", data: { name } }));
}
