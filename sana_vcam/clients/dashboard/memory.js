// What this browser remembers between visits; in a private window perhaps only until it is closed.

const PREFIX = "sana-vcam.";
const unkept = new Map();

/** What was remembered under `key`, or `otherwise`. */
export function recall(key, otherwise) {
  if (unkept.has(key)) return unkept.get(key);
  try {
    const text = localStorage.getItem(PREFIX + key);
    return text === null ? otherwise : JSON.parse(text);
  } catch {
    // Storage is forbidden here, or holds what is not ours.
    return otherwise;
  }
}

/** Remember `value` under `key`. */
export function remember(key, value) {
  try {
    localStorage.setItem(PREFIX + key, JSON.stringify(value));
    unkept.delete(key);
  } catch {
    unkept.set(key, value);
  }
}
