// What the page knows: one object, replaced at every change and shown by every view.

/** The first model: nothing has been heard yet. */
export const UNKNOWN = Object.freeze({
  link: "opening", // "opening", "open", "silent", "offline" or "refused"
  linkSince: 0,
  hello: null,
  state: null,
  stateAt: 0, // when `state` came, on the clock of performance.now()
  presets: [],
  settings: null, // what the model takes; null from an older daemon
});

export class Store {
  #views = [];
  #told = true;

  constructor() {
    this.model = UNKNOWN;
  }

  /** Call `view` with the model now and after each change. */
  watch(view) {
    this.#views.push(view);
    view(this.model);
  }

  /** Take over `fields`; the views are told once, when the present event has been dealt with. */
  change(fields = {}) {
    this.model = Object.freeze({ ...this.model, ...fields });
    if (!this.#told) return;
    this.#told = false;
    queueMicrotask(() => this.#tell());
  }

  #tell() {
    this.#told = true;
    for (const view of this.#views) view(this.model);
  }
}

/** Whether the daemon knows this command; an older one may not. */
export function can(model, command) {
  return model.hello !== null && model.hello.commands.includes(command);
}

/** Whether what the page knows is what is so now. */
export function isKnown(model) {
  return model.link === "open" && model.state !== null;
}

/** Whether a command can be sent; one that hangs takes it on when it goes on. */
export function isReachable(model) {
  return model.link === "open" || model.link === "silent";
}

/** Seconds since the state was told; what it counts has gone on since. */
export function sinceTold(model) {
  return model.state === null ? 0 : Math.max(0, (performance.now() - model.stateAt) / 1000);
}
