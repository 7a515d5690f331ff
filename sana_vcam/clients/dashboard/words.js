// What the state means, in words: pure functions, so that every state reads the same everywhere.

import { isKnown } from "./store.js";

// From the model's taking up a prompt to viewers seeing it, where the delay is not measured yet.
const TYPICAL_DELAY_MS = 1500;

/** @typedef {{label: string, detail: string, tone: string, timed: boolean}} Words */

const said = (label, detail, tone, timed = false) => ({ label, detail, tone, timed });

const LINKS = {
  opening: said("Opening", "Asking sana-vcam how things are.", "neutral"),
  silent: said(
    "Not known",
    "sana-vcam has gone silent, so what viewers see now is not known here. Keys that you press are sent all the same.",
    "offline",
    true,
  ),
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

const FREE = "It costs nothing: the model runs on this machine.";

/** Each state of the session; `bill(words, otherwise)` says what it costs only where it does. */
const SESSIONS = {
  connecting: (bill) => said("Connecting", `A session is being asked for${bill("; nothing is billed yet", "")}.`, "busy", true),
  waiting: (bill) => said("Waiting for a GPU", bill("Nothing is billed until one is free.", "It starts as soon as one is free."), "busy", true),
  starting: (bill) => said("Starting", `The first picture is on its way${bill("; the session is billed", "")}.`, "busy", true),
  paused: (bill) => said("Paused", bill("The session stays open and is still billed.", `The session stays open. ${FREE}`), "warning", true),
  reconnecting: () => said("Reconnecting", "The connection dropped; the session is being joined again.", "warning", true),
  backoff: (_, state) => backoffWords(state),
  refused: () => said("Needs attention", "Nothing is tried until you ask for it.", "error"),
  closing: (bill) => said("Ending the session", bill("Billing ends with it.", ""), "busy"),
  idle: (bill, state) => (state.session_wanted ? soonWords(bill, state) : offWords(bill, state)),
  streaming: (bill, state) => streamingWords(bill, state),
};

/** Whether a session costs nothing, since the model runs on this machine; no from an older daemon. */
export const isFree = (state) => state.billable === false;

/** `words`, which are about money, or what is said instead where nothing is billed. */
export const ofMoney = (state, words, otherwise) => (isFree(state) ? otherwise : words);

/** What the session is doing. */
export function sessionWords(model) {
  if (!isKnown(model)) return LINKS[model.link] ?? LINKS.opening;
  const { state } = model;
  const words = SESSIONS[state.session];
  if (words === undefined) return said(state.session, "", "neutral");
  return words((costs, otherwise) => ofMoney(state, costs, otherwise), state);
}

function backoffWords(state) {
  if (typeof state.next_try_in_s !== "number") return said("Trying again soon", "The last try failed.", "warning");
  return said("Next try in", "The last try failed.", "warning", true);
}

function soonWords(bill, state) {
  if (state.camera !== "capturing") {
    return said("Waiting for the camera", "The session opens as soon as it gives a picture.", "warning", true);
  }
  if (state.paused) {
    return said("Paused", `No session is open${bill(" and nothing is billed", "")}; resume opens one.`, "neutral");
  }
  return said("Starting", "A session is about to be asked for.", "busy");
}

function offWords(bill, state) {
  if (state.hold === "off") {
    return said("Off", "You ended the session. The next call starts one by itself, or connect now.", "neutral");
  }
  const starts = "A session starts when an application opens the camera.";
  return said("Off", bill(`Nothing is billed. ${starts}`, starts), "neutral");
}

function streamingWords(bill, state) {
  const goesOn = bill("The session goes on and is billed.", `The session goes on. ${FREE}`);
  if (hasNoPicture(state)) return said("No picture", `${missing(state)} ${goesOn}`, "warning");
  if (state.renewing) return said("Streaming", "A fresh session is being opened in the background.", "good");
  return said("Streaming", state.output === "live" ? "" : goesOn, "good");
}

/** Whether a session is open and yet no picture comes of it. */
export function hasNoPicture(state) {
  return state.session === "streaming" && (typeof state.no_picture_s === "number" || state.output === "slate");
}

function missing(state) {
  return state.camera === "capturing" ? "No picture comes from the model." : "No picture comes from the camera.";
}

const OUTPUTS = {
  live: { tally: "Live", seen: "you, edited" },
  freeze: { tally: "Still", seen: "a still picture" },
  blank: { tally: "Black", seen: "black" },
  bypass: { tally: "Raw camera", seen: "the raw camera, not edited" },
  slate: { tally: "Card", seen: null },
};

/** What viewers see: a short word for the tally, and a sentence. */
export function outputWords(state) {
  const { tally, seen } = OUTPUTS[state.output] ?? OUTPUTS.slate;
  return { tally, sentence: `Viewers see ${asAsked(state, state.viewers_see || seen || cardWords(state))}.` };
}

const cardWords = ({ card }) => (card ? `the card “${card}”` : "a card");

/** Where nothing is asked for, the model draws the picture anew all the same: no edit, nor the camera's. */
function asAsked(state, seen) {
  const prompt = state.second_session && state.rehearsal ? state.on_air_prompt : state.model_prompt;
  const asked = prompt !== "" || Boolean(state.image);
  return state.output === "live" && !asked ? seen.replace(/, edited$/, " through the model, with no prompt") : seen;
}

/** The sentence beside the badge: what is seen, then why. */
export function sentence(model) {
  const words = sessionWords(model);
  if (!isKnown(model)) return words.detail;
  return [outputWords(model.state).sentence, words.detail].filter(Boolean).join(" ");
}

/** The tab's title: what viewers see, and why if they see a card. */
export function titleWords(model) {
  const { label } = sessionWords(model);
  if (!isKnown(model)) return model.link === "silent" ? "Not known" : `Not known · ${label}`;
  const { tally } = outputWords(model.state);
  // A count is in no title.
  const why = model.state.session === "backoff" ? "Trying again soon" : label;
  return model.state.output === "slate" ? `${tally} · ${why}` : tally;
}

/** When a prompt is shown, where a session is open that does not show it now. */
const COMES = {
  starting: "Shown with the first picture",
  paused: "Shown when you resume",
  reconnecting: "Shown when the picture is back",
};

/** Where the wanted prompt is on its way to the viewers; `takenMs` is how long the model has had it. */
export function promptWords(model, takenMs) {
  if (!isKnown(model)) return "";
  const { state } = model;
  const empty = state.prompt === "";
  if (state.session !== "streaming") return empty ? "" : (COMES[state.session] ?? "Used when a session runs");
  // A second session says nothing before it runs.
  const isUnsaid = state.model_prompt === null && !(state.second_session && state.rehearsal === "coming");
  if (!isUnsaid && state.model_prompt !== state.prompt) return "On its way to the model…";
  if (hasNoPicture(state)) return empty ? "No prompt" : "With the model; no picture comes from it";
  if (state.rehearsal === "ready") return "In your preview alone";
  if (state.rehearsal === "coming") return "With the model; only you see it in a moment";
  if (takenMs < (state.glass_ms ?? TYPICAL_DELAY_MS)) return "With the model; viewers see it in a moment";
  return empty ? "No prompt" : "Active";
}

/** The measured delay, never more exact than it is: about how much, and between what. */
export function delayWords({ glass_ms: ms, glass_low_ms: low, glass_high_ms: high, glass_confidence: sure }) {
  const about = `about ${halves(ms)} s`;
  if (typeof low === "number" && typeof high === "number") return [about, `${tenths(low)} – ${tenths(high)} s`];
  if (typeof sure !== "number") return [about, "camera to viewers"];
  return [about, sure >= 0.75 ? "quite likely" : "a first guess"];
}

const halves = (ms) => (Math.max(1, Math.round(ms / 500)) / 2).toFixed(1).replace(".0", "");
const tenths = (ms) => (ms / 1000).toFixed(1);

const SWITCHES = [
  { name: "blank", word: "Blank" },
  { name: "freeze", word: "Freeze" },
  { name: "bypass", word: "Raw camera" },
];

/** The stronger switch that hides this one from viewers, in words; null if none does. */
export function hiddenBelow(state, name) {
  const place = SWITCHES.findIndex((one) => one.name === name);
  return SWITCHES.slice(0, place).find((one) => state[one.name])?.word ?? null;
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

/** A message as a sentence; what begins with a name, an address or a file stays as it is. */
export function asSentence(text) {
  return /^[a-z]+[,;:]?( |$)/.test(text) ? text[0].toUpperCase() + text.slice(1) : text;
}

/** Money with its currency; a currency that the browser does not know is written as it is. */
export function money(amount, currency) {
  try {
    return new Intl.NumberFormat(undefined, { style: "currency", currency }).format(amount);
  } catch {
    return `${amount.toFixed(2)} ${currency ?? ""}`.trim();
  }
}
