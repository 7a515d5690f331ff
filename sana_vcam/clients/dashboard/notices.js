// What is wrong, in words: one banner for one fault, whoever tells of it.

import { $, setText } from "./dom.js";
import { isKnown } from "./store.js";
import { asSentence } from "./words.js";

// The states that belong to a refusal itself come right after it and do not clear its message.
const SETTLE_MS = 1500;
const NEWS = [
  "output", "card", "session", "session_wanted", "hold", "prompt", "preset", "seed", "anchor_interval",
  "paused", "blank", "freeze", "bypass", "camera", "error",
];

/** What of a state is news; the moving numbers are not. */
const newsOf = (state) => JSON.stringify(NEWS.map((name) => state?.[name] ?? null));

/** The fault that a message is about: numbers in it may count. */
const faultOf = (text) => text.toLowerCase().replace(/[\d.]+/g, "#").trim();

/** Whether two messages tell of one fault, one perhaps with more words than the other. */
export function isSameFault(one, other) {
  const [a, b] = [faultOf(one), faultOf(other)];
  return a !== "" && b !== "" && (a.includes(b) || b.includes(a));
}

export class Notices {
  #store;
  #failedAt = null;
  #failure = "";
  #news = "";
  #standing;

  /** `tryNow` asks for the next try at once. */
  constructor(store, { tryNow }) {
    this.#store = store;
    this.#standing = [new Standing("error", tryNow), new Standing("budget", tryNow), new Standing("rehearsal_error", tryNow)];
    $("command-dismiss").addEventListener("click", () => this.clear());
    $("update-reload").addEventListener("click", () => location.reload());
    store.watch((model) => {
      this.#clearByNews(model);
      this.#show(model);
    });
  }

  /** Say why a command was refused, until it is dismissed or the state brings news. */
  fail(error) {
    this.#failedAt = performance.now();
    this.#news = newsOf(this.#store.model.state);
    this.#failure = error.message || "The command failed";
    for (const standing of this.#standing) standing.recall(this.#failure);
    this.#show(this.#store.model);
  }

  /** Nothing is wrong with a command any more. */
  clear() {
    this.#failedAt = null;
    this.#failure = "";
    this.#show(this.#store.model);
  }

  /** Tell that the daemon is another version than the page. */
  updated() {
    $("update-banner").hidden = false;
  }

  #show(model) {
    const state = isKnown(model) ? model.state : null;
    for (const standing of this.#standing) standing.show(state);
    const told = this.#failure === "" || this.#standing.some((one) => one.tells(this.#failure));
    $("command-banner").hidden = told;
    setText($("command-text"), told ? "" : asSentence(this.#failure));
  }

  #clearByNews(model) {
    if (this.#failedAt === null || model.state === null) return;
    const news = newsOf(model.state);
    if (news === this.#news) return;
    this.#news = news;
    if (performance.now() - this.#failedAt > SETTLE_MS) {
      this.#failedAt = null;
      this.#failure = "";
    }
  }
}

/** A banner about a field of the state: there while the field is, unless it is dismissed. */
class Standing {
  #name;
  #text = "";
  #dismissed = "";

  constructor(name, tryNow) {
    this.#name = name;
    $(`${name}-dismiss`).addEventListener("click", () => {
      this.#dismissed = this.#text;
      $(`${name}-banner`).hidden = true;
    });
    if (name === "error") $("error-try").addEventListener("click", tryNow);
  }

  show(state) {
    this.#text = state?.[this.#name] ?? "";
    // What was wrong and came back is told again.
    if (state !== null && this.#text === "") this.#dismissed = "";
    setText($(`${this.#name}-text`), asSentence(this.#text));
    if (this.#name === "error") showRest(state);
    $(`${this.#name}-banner`).hidden = this.#text === "" || this.#isDismissed;
  }

  /** Whether it says what `message` does, and is seen. */
  tells(message) {
    return this.#text !== "" && !this.#isDismissed && isSameFault(this.#text, message);
  }

  /** It is news again if a command failed by it. */
  recall(message) {
    if (isSameFault(this.#text, message)) this.#dismissed = "";
  }

  get #isDismissed() {
    return this.#dismissed !== "" && faultOf(this.#dismissed) === faultOf(this.#text);
  }
}

/** What stands behind the sentence, for whoever wants to know; and the way not to wait. */
function showRest(state) {
  const details = state?.error_details ?? "";
  $("error-details").hidden = details === "";
  setText($("error-details-text"), details);
  $("error-try").hidden = state?.session !== "backoff";
}
