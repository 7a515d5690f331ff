// What went wrong, in words; and short messages with a way back.

import { $, element, setText } from "./dom.js";

// The states that belong to a refusal itself come right after it and do not clear its message.
const SETTLE_MS = 1500;
const TOAST_MS = 12000;
const NEWS = [
  "output", "card", "session", "session_wanted", "hold", "prompt", "preset", "seed", "anchor_interval",
  "paused", "blank", "freeze", "bypass", "camera", "error",
];

/** What of a state is news; the moving numbers are not. */
const newsOf = (state) => JSON.stringify(NEWS.map((name) => state?.[name] ?? null));

export class Notices {
  #store;
  #failedAt = null;
  #news = "";
  #undo = null;

  constructor(store) {
    this.#store = store;
    $("command-dismiss").addEventListener("click", () => this.clear());
    $("update-reload").addEventListener("click", () => location.reload());
    store.watch((model) => {
      this.#showErrors(model);
      this.#clearByNews(model);
    });
  }

  /** Say why a command was refused, until it is dismissed or the state brings news. */
  fail(error) {
    this.#failedAt = performance.now();
    this.#news = newsOf(this.#store.model.state);
    const message = error.message || "the command failed";
    setText($("command-text"), message[0].toUpperCase() + message.slice(1));
    $("command-banner").hidden = false;
  }

  /** Nothing is wrong with a command any more. */
  clear() {
    this.#failedAt = null;
    $("command-banner").hidden = true;
    setText($("command-text"), "");
  }

  /** Tell that the daemon is another version than the page. */
  updated() {
    $("update-banner").hidden = false;
  }

  /** Show a message for a while; with `undo`, also a button that takes it back. */
  toast(text, undo = null) {
    const toast = element("div", { class: "toast" }, element("p", {}, text));
    const remove = () => {
      toast.remove();
      if (this.#undo === run) this.#undo = null;
    };
    const run = () => {
      remove();
      undo();
    };
    if (undo) {
      this.#undo = run;
      toast.append(element("button", { class: "button small", type: "button", click: run }, "Undo"));
    }
    toast.append(closeButton(remove));
    fade(toast, remove);
    $("toasts").replaceChildren(toast);
  }

  /** Take back what the newest message tells, if it can be taken back. */
  undo() {
    this.#undo?.();
  }

  #showErrors(model) {
    const state = model.link === "open" ? model.state : null;
    showBanner("error", state?.error);
    showBanner("budget", state?.budget);
  }

  #clearByNews(model) {
    if (this.#failedAt === null || model.state === null) return;
    const news = newsOf(model.state);
    if (news === this.#news) return;
    this.#news = news;
    if (performance.now() - this.#failedAt > SETTLE_MS) this.clear();
  }
}

function showBanner(name, text) {
  $(`${name}-banner`).hidden = !text;
  setText($(`${name}-text`), text ? text[0].toUpperCase() + text.slice(1) : "");
}

function closeButton(remove) {
  return element("button", { class: "icon-button small", type: "button", "aria-label": "Dismiss", click: remove }, "×");
}

/** Remove it after a while, but not under a hand or while it has the focus. */
function fade(toast, remove) {
  const later = () => {
    if (!toast.isConnected) return;
    if (toast.matches(":hover, :focus-within")) setTimeout(later, 2000);
    else remove();
  };
  setTimeout(later, TOAST_MS);
}
