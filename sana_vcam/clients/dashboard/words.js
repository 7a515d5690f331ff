// What the state means, in words: pure functions, so that every state reads the same everywhere.

/** @typedef {{label: string, detail: string, tone: string, timed: boolean}} Words */

const said = (label, detail, tone, timed = false) => ({ label, detail, tone, timed });

const LINKS = {
  opening: said("Opening", "Asking sana-vcam how things are.", "neutral"),
  offline: said(
    "Offline",
    "sana-vcam does not answer, so what viewers see now is not known here. Start it with “sana-vcam run”; this page comes back by itself.",
    "offline",
    true,
  ),
  refused: said(
    "Not let in",
    "The token in this page's address is not valid any more. Open the address that “sana-vcam ctl url” prints.",
    "error",
  ),
};

const SESSIONS = {
  connecting: said("Connecting", "A session is being asked for; nothing is billed yet.", "busy", true),
  waiting: said("Waiting for a GPU", "Nothing is billed until one is free.", "busy", true),
  starting: said("Starting", "The first picture is on its way; the session is billed.", "busy", true),
  paused: said("Paused", "The session stays open and is still billed.", "warning", true),
  reconnecting: said("Reconnecting", "The connection dropped; the session is being joined again.", "warning", true),
  backoff: said("Trying again soon", "The last try failed.", "warning", true),
  refused: said("Needs attention", "Nothing is tried until you ask for it.", "error"),
  closing: said("Ending the session", "Billing ends with it.", "busy"),
};

/** What the billed session is doing. */
export function sessionWords(model) {
  if (model.link !== "open" || model.state === null) return LINKS[model.link] ?? LINKS.opening;
  const state = model.state;
  if (state.session === "idle") return idleWords(state);
  if (state.session === "streaming") return streamingWords(state);
  return SESSIONS[state.session] ?? said(state.session, "", "neutral");
}

function idleWords(state) {
  if (!state.session_wanted) return offWords(state);
  if (state.camera !== "capturing") {
    return said("Waiting for the camera", "The session opens as soon as it gives a picture.", "warning", true);
  }
  if (state.paused) return said("Paused", "No session is open and nothing is billed; resume opens one.", "neutral");
  return said("Starting", "A session is about to be asked for.", "busy");
}

function offWords(state) {
  if (state.hold === "off") {
    return said("Off", "You ended the session. The next call starts one by itself, or connect now.", "neutral");
  }
  return said("Off", "Nothing is billed. A session starts when an application opens the camera.", "neutral");
}

function streamingWords(state) {
  if (state.renewing) return said("Streaming", "A fresh session is being opened in the background.", "good");
  if (state.output === "live") return said("Streaming", "", "good");
  return said("Streaming", "The session goes on and is billed.", "good");
}

const OUTPUTS = {
  live: { tally: "Live", sentence: "Viewers see you, edited." },
  freeze: { tally: "Frozen", sentence: "Viewers see a still picture." },
  blank: { tally: "Black", sentence: "Viewers see black." },
  bypass: { tally: "Raw camera", sentence: "Viewers see the raw camera, not edited." },
};

/** What viewers see: a short word for the tally, and a sentence. */
export function outputWords(state) {
  const words = OUTPUTS[state.output];
  if (words) return words;
  const card = state.card ? `the card “${state.card}”` : "a card";
  return { tally: "Card", sentence: `Viewers see ${card}.` };
}

/** The sentence beside the badge: what is seen, then why. */
export function sentence(model) {
  const words = sessionWords(model);
  if (model.link !== "open" || model.state === null) return words.detail;
  return [outputWords(model.state).sentence, words.detail].filter(Boolean).join(" ");
}

const CAMERAS = {
  off: { text: "Camera off", tone: "neutral" },
  opening: { text: "Opening the camera", tone: "busy" },
  capturing: { text: "Camera on", tone: "good" },
  lost: { text: "No camera", tone: "warning" },
};

/** The camera's state with its name. */
export function cameraWords(state) {
  const words = CAMERAS[state.camera] ?? { text: state.camera, tone: "neutral" };
  return { ...words, text: state.camera_name ? `${words.text}: ${state.camera_name}` : words.text };
}

/** The virtual camera and who watches. */
export function sinkWords(state) {
  return [state.sink_name, viewersWords(state.viewers)].filter(Boolean).join(" · ");
}

function viewersWords(viewers) {
  if (viewers === null || viewers === undefined) return "";
  if (viewers === 0) return "nobody watches";
  return viewers === 1 ? "1 application watches" : `${viewers} applications watch`;
}

/** Seconds as 0:42, 12:05 or 1:02:03. */
export function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (number) => String(number).padStart(2, "0");
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes}:${two(whole % 60)}`;
  return `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(whole % 60)}`;
}

/** Money with its currency; a currency that the browser does not know is written as it is. */
export function money(amount, currency) {
  try {
    return new Intl.NumberFormat(undefined, { style: "currency", currency }).format(amount);
  } catch {
    return `${amount.toFixed(2)} ${currency ?? ""}`.trim();
  }
}
