// Short messages at the edge of the page, with a way back; and what is done only after a while.

import { $, element, setText } from "./dom.js";
import { UndoStack } from "./undo.js";

const TOAST_MS = 12000;
const GRACE_S = 5;

export class Toasts {
  #stack = new UndoStack();
  #message = null; // the one that the next replaces
  #pending = null;

  #isReachable;

  /** `isReachable()` tells whether the daemon is there to take something back. */
  constructor(isReachable) {
    this.#isReachable = isReachable;
    // Whoever closes the page has still pressed the key.
    addEventListener("pagehide", () => this.#pending?.leave());
  }

  /** Show a message for a while. */
  tell(text) {
    this.#show(text, null);
  }

  /** Tell what was done, and keep the way back; `more` is `{label, run}` for what may come next. */
  done(entry, more = null) {
    const earlier = this.#stack.size;
    this.#stack.push(entry);
    this.#show(earlier ? `${entry.done} · ${earlier} earlier can be undone, too` : entry.done, entry, more);
  }

  /** Keep the way back from what everybody sees without a message. */
  keep(entry) {
    this.#stack.push(entry);
  }

  /** Take back what was done last, and tell what has come back. */
  async undo(wanted = null) {
    const first = wanted ?? this.#stack.newest;
    if (first !== null && !first.here && !this.#isReachable()) {
      return this.tell("Offline: it can be undone when sana-vcam answers again");
    }
    const { entry, next } = await this.#stack.undo(wanted);
    if (entry === undefined) return; // why not is told already
    if (entry === null) return this.tell("Nothing to undo");
    this.#show(next === null ? entry.back : `${entry.back} · next: ${next.done}`, next);
  }

  /** Whether something waits that can be taken back yet. */
  get isPending() {
    return this.#pending !== null;
  }

  /**
   * Do something in a few seconds unless it is taken back: by Undo, by U, or by `takeBack`.
   * `leave` does it when the page is closed meanwhile; `changed` hears of the beginning and the end.
   */
  pend({ words, done, back, run, leave, changed }) {
    if (this.#pending !== null) return;
    const entry = { done, back, here: true, undo: () => (end(), true) };
    let left = GRACE_S;
    const count = element("span", { class: "toast-count", "aria-hidden": "true" }, String(left));
    const tick = setInterval(() => (--left > 0 ? setText(count, String(left)) : now()), 1000);
    const toast = element(
      "div",
      { class: "toast", "data-pending": true },
      element("p", {}, words),
      count,
      element("button", { class: "button small", type: "button", click: () => this.undo(entry) }, "Undo"),
      element("button", { class: "button small", type: "button", click: () => now() }, "Now"),
    );
    const end = () => {
      clearInterval(tick);
      toast.remove();
      this.#pending = null;
      this.#stack.forget(entry);
      changed();
    };
    const now = () => (end(), run());
    this.#pending = { entry, leave };
    this.#stack.push(entry);
    $("toasts").append(toast);
    changed();
  }

  /** Take back what waits. */
  takeBack() {
    if (this.#pending !== null) this.undo(this.#pending.entry);
  }

  #show(text, entry, more = null) {
    const toast = element("div", { class: "toast" }, element("p", {}, text));
    if (more !== null) {
      const use = () => (toast.remove(), more.run());
      toast.append(element("button", { class: "button small", type: "button", "data-live": true, click: use }, more.label));
    }
    if (entry !== null) {
      toast.append(element("button", { class: "button small", type: "button", click: () => this.undo(entry) }, "Undo"));
    }
    toast.append(closeButton(() => toast.remove()));
    fade(toast);
    this.#message?.remove();
    this.#message = toast;
    $("toasts").append(toast);
  }
}

function closeButton(remove) {
  return element("button", { class: "icon-button small", type: "button", "aria-label": "Dismiss", click: remove }, "×");
}

/** Remove it after a while, but not under a hand or while it has the focus. */
function fade(toast) {
  const later = () => {
    if (!toast.isConnected) return;
    if (toast.matches(":hover, :focus-within")) setTimeout(later, 2000);
    else toast.remove();
  };
  setTimeout(later, TOAST_MS);
}
