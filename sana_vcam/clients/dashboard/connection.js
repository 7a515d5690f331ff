// The WebSocket to the daemon: commands with their replies, events, and coming back by itself.

const EVENTS = ["state", "presets", "stats", "log", "settings"];
const PAUSES_MS = [250, 500, 1000, 2000, 4000];
const REFUSED_PAUSE_MS = 15000;
const ANSWER_MS = 20000;
// `stats` comes every second: after this much silence nothing is known any more,
const QUIET_MS = 3000;
// and this much is a daemon that hangs.
const SILENCE_MS = 8000;
// A connection that held this long was a good one: the next one is tried for without delay.
const STABLE_MS = 5000;
const TOKEN_IS_VOID = 1008;

/** A command that was refused; `code` is one of the API's reply codes, or "offline". */
export class CommandError extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

export class Connection {
  #token;
  #onLink;
  #onEvent;
  #socket = null;
  #waiting = new Map();
  #lastId = 0;
  #failures = 0;
  #heardAt = 0;
  #greetedBy = null; // the socket whose hello has come
  #retry = 0;

  /**
   * `onLink(link, since)` is told "open", "silent", "offline" or "refused", and since when on the
   * clock of performance.now(); `onEvent(type, data)` every event.
   */
  constructor(token, { onLink, onEvent }) {
    this.#token = token;
    this.#onLink = onLink;
    this.#onEvent = onEvent;
    setInterval(() => this.#judgeSilence(), 250);
    addEventListener("online", () => this.#hurry());
    document.addEventListener("visibilitychange", () => this.#hurry());
  }

  /** Send a command; resolves to its reply's data, rejects with a `CommandError`. */
  ask(type, data = {}) {
    if (this.#socket?.readyState !== WebSocket.OPEN) {
      return Promise.reject(new CommandError("offline", "sana-vcam cannot be reached now"));
    }
    const id = ++this.#lastId;
    this.#socket.send(JSON.stringify({ type, id, data }));
    return new Promise((resolve, reject) => {
      const late = () => this.#settle(id, () => reject(new CommandError("offline", `${type} was not answered`)));
      this.#waiting.set(id, { resolve, reject, timer: setTimeout(late, ANSWER_MS) });
    });
  }

  /** Send a command while the page is being closed; nobody is left to hear how it went. */
  leave(type, data = {}) {
    const query = new URLSearchParams({ ...data, token: this.#token });
    fetch(`/v1/${type}?${query}`, { keepalive: true }).catch((error) =>
      console.info(`${type}: ${error.message}`),
    );
  }

  /** Connect, and keep connected from now on. */
  open() {
    clearTimeout(this.#retry);
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}/ws?token=${encodeURIComponent(this.#token)}`);
    let openedAt = null;
    this.#socket = socket;
    this.#hear();
    socket.addEventListener("open", () => (openedAt = performance.now()));
    socket.addEventListener("message", (event) => this.#receive(JSON.parse(event.data)));
    socket.addEventListener("close", (event) => this.#closed(socket, openedAt, event.code));
  }

  #hear() {
    this.#heardAt = performance.now();
    if (this.#isGreeted()) this.#onLink("open", this.#heardAt);
  }

  #isGreeted() {
    return this.#socket !== null && this.#greetedBy === this.#socket;
  }

  #receive(message) {
    this.#hear();
    if (message.type === "ok" || message.type === "error") this.#reply(message);
    else {
      if (message.type === "hello") this.#greeted(message.data);
      this.#onEvent(message.type, message.data);
    }
  }

  #greeted({ events: known }) {
    this.#greetedBy = this.#socket;
    this.#onLink("open", this.#heardAt);
    // An older daemon does not know all of them.
    const events = EVENTS.filter((name) => known.includes(name));
    this.ask("subscribe", { events }).catch((error) =>
      console.warn(`no events: ${error.message}`),
    );
  }

  #reply({ type, id, data }) {
    this.#settle(id, ({ resolve, reject }) => {
      if (type === "ok") resolve(data);
      else reject(new CommandError(data.code, data.message));
    });
  }

  #settle(id, how) {
    const waiting = this.#waiting.get(id);
    if (!waiting) return;
    clearTimeout(waiting.timer);
    this.#waiting.delete(id);
    how(waiting);
  }

  async #closed(socket, openedAt, code) {
    if (socket !== this.#socket) return;
    this.#socket = null;
    if (openedAt !== null && performance.now() - openedAt > STABLE_MS) this.#failures = 0;
    for (const id of [...this.#waiting.keys()]) {
      this.#settle(id, ({ reject }) => reject(new CommandError("offline", "the connection to sana-vcam broke")));
    }
    const refused = code === TOKEN_IS_VOID || (openedAt === null && (await this.#isRefused()));
    this.#onLink(refused ? "refused" : "offline", performance.now());
    const pause = PAUSES_MS[Math.min(this.#failures++, PAUSES_MS.length - 1)];
    this.#retry = setTimeout(() => this.open(), refused ? REFUSED_PAUSE_MS : pause);
  }

  /** Ask why: a WebSocket that is not let in looks like one that nobody answers. */
  async #isRefused() {
    try {
      const answer = await fetch(`/v1/get_state?token=${encodeURIComponent(this.#token)}`);
      return answer.status === 401 || answer.status === 403;
    } catch {
      return false;
    }
  }

  #judgeSilence() {
    if (this.#socket === null) return;
    const silence = performance.now() - this.#heardAt;
    if (silence >= SILENCE_MS) this.#giveUp(this.#socket);
    else if (silence >= QUIET_MS && this.#isGreeted()) this.#onLink("silent", this.#heardAt);
  }

  #giveUp(socket) {
    socket.close();
    // The goodbye of a daemon that hangs may never come.
    this.#closed(socket, 0, 0);
  }

  /** Somebody looks, or the network is back: do not wait for the next try. */
  #hurry() {
    if (this.#socket !== null || document.hidden || this.#retry === 0) return;
    this.#failures = 0;
    this.open();
  }
}
