// What a MIDI controller sends, and what it stands for on the page: no page and no MIDI are needed here.

const NOTE_ON = 0x90;
const CONTROL = 0xb0;
const PROGRAM = 0xc0;
const PRESSED = 64; // of a control that is a button: from here on it is down
const NOTES = ["C", "C♯", "D", "D♯", "E", "F", "F♯", "G", "G♯", "A", "A♯", "B"];
const STEPS = 100;
export const MOST_MAPPED = 256;

/** The keys of the page that a pad may press, each by the id of its button; what exposes or costs is not there. */
export const KEYS = Object.freeze([
  { id: "blank-button", words: "Blank" },
  { id: "freeze-button", words: "Freeze" },
  { id: "pause-button", words: "Pause" },
  { id: "previous-button", words: "Previous look" },
  { id: "next-button", words: "Next look" },
  { id: "clip-button", words: "Clip" },
  { id: "rehearsal-take", words: "Take" },
  { id: "rehearsal-back", words: "Back" },
]);

/** Read a message of a device: which of its pads or knobs, and where it stands; null for what is neither. */
export function heard(device, [status, number, value]) {
  const channel = (status & 0x0f) + 1;
  switch (status & 0xf0) {
    case NOTE_ON: // of velocity 0, it is the note's end
      return value > 0 ? { control: keyOf(device, "note", channel, number), value, knob: false } : null;
    case CONTROL: // 120 and up are commands to a whole channel
      return number < 120 ? { control: keyOf(device, "cc", channel, number), value, knob: true } : null;
    case PROGRAM:
      return { control: keyOf(device, "pc", channel, number), value: 127, knob: false };
    default:
      return null;
  }
}

const keyOf = (device, kind, channel, number) => JSON.stringify([device, kind, channel, number]);

/** A pad or knob in words: "C3 of LPD8", "knob 21 of LPD8"; the channel only if it is not the first. */
export function controlWords(control) {
  const [device, kind, channel, number] = JSON.parse(control);
  const names = { note: () => NOTES[number % 12] + (Math.floor(number / 12) - 1), cc: () => `knob ${number}`, pc: () => `program ${number + 1}` };
  return `${names[kind]()} of ${device || "a controller"}${channel === 1 ? "" : `, channel ${channel}`}`;
}

/** Whether a control that was at `before` has gone down with this. */
export function isPress({ knob, value }, before) {
  return !knob || (value >= PRESSED && (before ?? 0) < PRESSED);
}

/** Whether a knob can turn it: words, a switch, or a number with both ends. The seed is no such number. */
export function isTurnable({ name, kind, choices, least, most }) {
  if (name === "seed") return false;
  return choices.length > 0 || kind === "boolean" || (kind !== "text" && least !== null && most !== null && most > least);
}

/** The value of a setting at a position of a knob, from 0 to 127. */
export function valueAt({ kind, choices, least, most }, position) {
  if (choices.length) return choices[Math.min(choices.length - 1, Math.floor((position * choices.length) / 128))];
  if (kind === "boolean") return position >= PRESSED;
  const value = least + (position / 127) * (most - least);
  if (kind === "integer") return Math.round(value);
  const step = (most - least) / STEPS;
  const stepped = least + Math.round((value - least) / step) * step;
  return Number(Math.min(most, stepped).toFixed(6));
}

/** What comes after the value of a setting when a pad is pressed; undefined for a number. */
export function valueAfter({ kind, choices, value }) {
  if (choices.length) return choices[(choices.indexOf(value) + 1) % choices.length];
  return kind === "boolean" ? value !== true : undefined;
}

/** What was remembered, as far as it is a mapping: controls by their keys, and the targets that they stand for. */
export function readMapping(remembered) {
  if (remembered === null || typeof remembered !== "object" || Array.isArray(remembered)) return {};
  return Object.fromEntries(Object.entries(remembered).filter(isMapped).slice(0, MOST_MAPPED));
}

function isMapped([control, target]) {
  if (!["key", "look", "setting"].includes(target?.kind) || typeof target.id !== "string") return false;
  try {
    const [device, kind, ...numbers] = JSON.parse(control);
    return typeof device === "string" && ["note", "cc", "pc"].includes(kind) && numbers.length === 2 && numbers.every(Number.isInteger);
  } catch {
    return false;
  }
}

/** Which devices are heard, in a sentence; `gone` are those that were unplugged. */
export function devicesWords(devices, gone) {
  const left = gone.length ? ` ${gone.join(", ")} was unplugged: its pads work again when it is back.` : "";
  if (devices.length === 0) return left ? left.trim() : "No controller is plugged in; one that you plug in is taken at once.";
  return `Listening to ${devices.join(", ")}.${left}`;
}

/** Why the browser gave no MIDI, and what mends it. */
export function refusalWords({ name, message }) {
  if (name === "NotAllowedError" || name === "SecurityError") {
    return "This page may not use MIDI: allow it in the site's settings, beside the address, and press the button again.";
  }
  return `The browser cannot reach MIDI on this computer: ${message || name}`;
}

export const NO_MIDI =
  "This browser has no Web MIDI: Safari has none. Chrome, Edge, Chromium and Firefox do; open this page there.";
