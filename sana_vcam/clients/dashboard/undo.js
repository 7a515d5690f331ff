// What can be taken back: a stack, the newest first. Nothing here touches the page.

const KEPT = 20;
const TRIES = 2;

/**
 * @typedef {object} Entry
 * @property {string} done what was done, in words
 * @property {string} back what is so once it is taken back, in words
 * @property {() => Promise<boolean>|boolean} undo takes it back; whether it could
 * @property {boolean} [here] whether that can be done without the daemon
 */

export class UndoStack {
  #entries = []; // the newest last
  #turn = Promise.resolve();

  /** How many can be taken back. */
  get size() {
    return this.#entries.length;
  }

  /** What would be taken back now; null if there is nothing. */
  get newest() {
    return this.#entries.at(-1) ?? null;
  }

  /** Keep an entry; of more than 20 the oldest is forgotten. */
  push(entry) {
    this.#entries.push(entry);
    if (this.#entries.length > KEPT) this.#entries.shift();
  }

  /** Forget an entry that cannot be taken back any more. */
  forget(entry) {
    this.#entries = this.#entries.filter((one) => one !== entry);
  }

  /**
   * Take back one entry, or the newest: one after the other, however fast it is asked for.
   * Resolves to `{entry, next}`, `next` being what would come now; `entry` is null if there was
   * none, and left out if it could not be taken back. What cannot twice is forgotten.
   */
  undo(wanted = null) {
    const turn = this.#turn.then(() => this.#undo(wanted));
    this.#turn = turn.catch(() => {});
    return turn;
  }

  async #undo(wanted) {
    const entry = wanted ?? this.newest;
    if (entry === null || !this.#entries.includes(entry)) return { entry: null, next: this.newest };
    if (await entry.undo()) {
      this.forget(entry);
      return { entry, next: this.newest };
    }
    entry.failed = (entry.failed ?? 0) + 1;
    if (entry.failed >= TRIES) this.forget(entry);
    return { next: this.newest };
  }
}
