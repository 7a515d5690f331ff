/** What the keys look like: pure functions from what is known to an SVG of 144 x 144. */

import type { SettingValue, State } from "../words.ts";
import { type Glyph, glyph } from "./glyphs.ts";
import { block, breadth, COLOUR, frame, gradient, key, rect, SIZE, text } from "./svg.ts";

const MIDDLE = SIZE / 2;
const NAME_WIDTH = 130;
const LABEL_SIZES = [26, 23, 20] as const;

export interface Look {
	id: string;
	name: string;
	/** A data URI of 16:9, if there is a picture of the look. */
	still?: string | undefined;
}

export interface Lit {
	isOn: boolean;
	isOnline: boolean;
}

/** A look: its still or a tile of its own colour, with its name; framed while it is on. */
export function lookKey(look: Look, lit: Lit): string {
	const isOn = lit.isOn && lit.isOnline;
	const ground = look.still === undefined ? tile(look, lit.isOnline) : photo(look.still);
	const isOneLine = breadth(look.name) * 20 <= NAME_WIDTH;
	const height = isOneLine ? 42 : 60;
	const top = SIZE - height;
	return key(
		ground,
		lit.isOnline ? "" : veil(),
		rect(0, top, SIZE, height, isOn ? COLOUR.lit : COLOUR.dark, isOn ? "" : 'fill-opacity="0.82"'),
		isOn ? frame(COLOUR.lit) : "",
		block(
			look.name,
			top + height / 2 - (isOneLine ? 2 : 3),
			NAME_WIDTH,
			isOneLine ? 1 : 2,
			isOneLine ? [26, 24, 22, 20] : [22, 20],
			textColour(lit, isOn),
		),
		lit.isOnline ? "" : glyph("offline", 53, 8, 38, COLOUR.quiet),
		lit.isOnline ? "" : text(MIDDLE, 72, 22, COLOUR.quiet, "offline"),
	);
}

/** A look without words, for beside a text. */
export function lookPicture(look: Look): string {
	return key(look.still === undefined ? tile(look, true) : photo(look.still));
}

/** The look that a key has not been given yet, or that is no longer there. */
export function noLookKey(says: string): string {
	return key(
		rect(0, 0, SIZE, SIZE, COLOUR.ground),
		glyph("question", 48, 20, 48, COLOUR.quiet),
		block(says, 106, 132, 2, LABEL_SIZES, COLOUR.quiet),
	);
}

/** A free prompt, with its title or its own words. */
export function promptKey(says: string, lit: Lit): string {
	const isOn = lit.isOn && lit.isOnline;
	return key(
		rect(0, 0, SIZE, SIZE, isOn ? COLOUR.lit : COLOUR.raised),
		lit.isOnline ? glyph("prompt", 14, 12, 36, isOn ? COLOUR.litText : COLOUR.teal) : "",
		lit.isOnline ? "" : glyph("offline", 12, 10, 34, COLOUR.quiet),
		lit.isOnline ? "" : text(92, 36, 22, COLOUR.quiet, "offline"),
		block(says || "Prompt", 96, 132, 3, [26, 23, 20], textColour(lit, isOn)),
		isOn ? frame(COLOUR.text, 5) : "",
	);
}

/** A step to another look, which it names. */
export function stepKey(by: number, name: string | undefined, isOnline: boolean): string {
	const colour = isOnline ? COLOUR.text : COLOUR.quiet;
	const says = name ?? (by > 0 ? "Next" : "Previous");
	return key(
		rect(0, 0, SIZE, SIZE, COLOUR.ground),
		glyph(by > 0 ? "next" : "previous", 44, 16, 56, isOnline ? COLOUR.teal : COLOUR.quiet),
		isOnline ? "" : offlineMark(),
		block(isOnline ? says : "offline", 108, 132, 2, LABEL_SIZES, colour),
	);
}

interface Sign {
	glyph: Glyph;
	label: string;
	ground: string;
	ink: string;
}

export type Switch = "blank" | "freeze" | "pause" | "voice" | "record";

const SWITCHES: Record<Switch, { off: Sign; on: Sign }> = {
	blank: {
		off: { glyph: "eye", label: "Privacy", ground: COLOUR.ground, ink: COLOUR.text },
		on: { glyph: "hidden", label: "HIDDEN", ground: COLOUR.danger, ink: "#ffffff" },
	},
	freeze: {
		off: { glyph: "frozen", label: "Freeze", ground: COLOUR.ground, ink: COLOUR.text },
		on: { glyph: "frozen", label: "FROZEN", ground: COLOUR.ice, ink: "#04202e" },
	},
	pause: {
		off: { glyph: "pause", label: "Pause", ground: COLOUR.ground, ink: COLOUR.text },
		on: {
			glyph: "pause",
			label: "PAUSED",
			ground: COLOUR.warning,
			ink: "#2b1d00",
		},
	},
	voice: {
		off: { glyph: "microphone", label: "Voice", ground: COLOUR.ground, ink: COLOUR.text },
		on: { glyph: "microphone", label: "VOICE", ground: COLOUR.teal, ink: "#04202e" },
	},
	record: {
		off: { glyph: "record", label: "Record", ground: COLOUR.ground, ink: COLOUR.text },
		on: { glyph: "record", label: "REC", ground: COLOUR.danger, ink: "#ffffff" },
	},
};

/** How the delayed microphone is, in as few words as fit. */
export function voiceNote({ voice }: State): string {
	switch (voice?.state) {
		case "heard":
			return `${(voice.delay_ms / 1000).toFixed(1)} s late`;
		case "asleep":
			return "not in use";
		case "failed":
			return "no sound";
		case "silent":
			return "silent";
		default:
			return "starting";
	}
}

/** How long the recording is, or why there can be none. */
export function recordNote({ recording, clips, keep_error: error }: State): string | undefined {
	if (recording) {
		const rest = String(Math.floor(recording.seconds % 60)).padStart(2, "0");
		return `${Math.floor(recording.seconds / 60)}:${rest}`;
	}
	if (error) {
		return "stopped";
	}
	return clips ? undefined : "not kept";
}

/** A look to be tried off air, and how far that is. */
export function rehearsalKey(name: string, stage: string, lit: Lit): string {
	return signKey("curtain", name, stage || "rehearse", lit);
}

/** What becomes of the look that is rehearsed; without one there is nothing to do. */
export function decisionKey(which: "take" | "back", lit: Lit): string {
	const isOn = lit.isOn && lit.isOnline;
	const ink = isOn ? COLOUR.litText : COLOUR.quiet;
	const ground = which === "take" ? COLOUR.lit : COLOUR.warning;
	const says = which === "take" ? "Take" : "Back";
	return key(
		rect(0, 0, SIZE, SIZE, isOn ? ground : COLOUR.ground),
		glyph(which, 44, 16, 56, ink),
		lit.isOnline ? "" : offlineMark(),
		text(MIDDLE, 122, 27, ink, lit.isOnline ? says : "offline"),
	);
}

/** What saves the last seconds. */
export function clipKey(words: string, isOnline: boolean): string {
	return signKey("film", "Clip", words, { isOn: false, isOnline });
}

/** A setting of the model, with its value. */
export function settingKey(name: string, value: SettingValue | undefined, lit: Lit): string {
	const words = { true: "on", false: "off", undefined: "" }[String(value)] ?? String(value);
	return signKey("sliders", name, words, lit);
}

/** A playlist, and where it is while it plays. */
export function playlistKey(name: string, where: string, lit: Lit): string {
	return signKey("list", name, where, lit);
}

function signKey(sign: Glyph, name: string, words: string, lit: Lit): string {
	const isOn = lit.isOn && lit.isOnline;
	const ink = textColour(lit, isOn);
	return key(
		rect(0, 0, SIZE, SIZE, isOn ? COLOUR.lit : COLOUR.raised),
		lit.isOnline ? glyph(sign, 14, 10, 32, isOn ? COLOUR.litText : COLOUR.teal) : "",
		lit.isOnline ? "" : glyph("offline", 12, 10, 34, COLOUR.quiet),
		lit.isOnline ? "" : text(92, 36, 22, COLOUR.quiet, "offline"),
		block(name, 72, 132, 2, [23, 20], ink),
		lit.isOnline ? block(words, 122, 132, 1, [27, 23, 20], ink) : "",
	);
}

/** What a pause costs; an older daemon does not say, and then it is billed. */
export function pauseNote({ billable, billing }: State): string {
	if (billing ?? true) {
		return "still billed";
	}
	return billable === false ? "free" : "not billed";
}

/** A switch: quiet while off, in its own colour while on, with a note below its label. */
export function switchKey(which: Switch, lit: Lit, note?: string): string {
	const isOn = lit.isOn && lit.isOnline;
	const sign = SWITCHES[which][isOn ? "on" : "off"];
	const ink = lit.isOnline ? sign.ink : COLOUR.quiet;
	const lift = note === undefined ? 0 : 10;
	return key(
		rect(0, 0, SIZE, SIZE, sign.ground),
		glyph(sign.glyph, 40, 18 - lift, 64, ink),
		lit.isOnline ? "" : offlineMark(),
		text(MIDDLE, 122 - lift * 1.6, 27, ink, lit.isOnline ? sign.label : "offline"),
		note === undefined ? "" : text(MIDDLE, 132, 22, ink, note),
	);
}

export type StatusPage = "session" | "quality";

/** What is going on, in a word and two figures. */
export function statusKey(state: State | undefined, page: StatusPage): string {
	if (state === undefined) {
		return key(
			rect(0, 0, SIZE, SIZE, COLOUR.ground),
			glyph("offline", 40, 20, 64, COLOUR.quiet),
			text(MIDDLE, 122, 27, COLOUR.quiet, "offline"),
		);
	}
	const [word, colour] = statusWord(state);
	const figures = page === "quality" ? qualityLines(state) : sessionLines(state);
	const first = page === "quality" ? (QUALITY_COLOURS[state.quality ?? ""] ?? COLOUR.quiet) : COLOUR.text;
	return key(
		rect(0, 0, SIZE, SIZE, COLOUR.ground),
		rect(0, 0, SIZE, 46, colour),
		text(MIDDLE, 33, word.length > 8 ? 21 : 27, COLOUR.dark, word),
		...figures.map((line, index) =>
			text(MIDDLE, 81 + index * 34, 26, index === 0 ? first : COLOUR.text, line),
		),
		hasWarning(state) ? `<circle cx="132" cy="132" r="8" fill="${COLOUR.danger}"/>` : "",
	);
}

/** Something that the user should read in the dashboard or `ctl state`. */
function hasWarning(state: State): boolean {
	return state.error !== null || typeof state.budget === "string";
}

const QUALITY_COLOURS: Record<string, string> = {
	good: COLOUR.lit,
	fair: COLOUR.warning,
	poor: COLOUR.danger,
};

const SESSION_WORDS: Record<string, [string, string]> = {
	idle: ["IDLE", COLOUR.quiet],
	connecting: ["CONNECTING", COLOUR.warning],
	waiting: ["GPU QUEUE", COLOUR.warning],
	starting: ["STARTING", COLOUR.warning],
	streaming: ["STREAMING", COLOUR.warning],
	paused: ["PAUSED", COLOUR.warning],
	reconnecting: ["REJOINING", COLOUR.warning],
	backoff: ["RETRYING", COLOUR.warning],
	refused: ["REFUSED", COLOUR.danger],
	closing: ["CLOSING", COLOUR.quiet],
};

/** What viewers see, in one word, and its colour. */
export function statusWord(state: State): [string, string] {
	switch (state.output) {
		case "blank":
			return ["HIDDEN", COLOUR.danger];
		case "freeze":
			return ["FROZEN", COLOUR.ice];
		case "bypass":
			return ["RAW CAM", COLOUR.danger];
		case "live":
			return state.paused ? ["PAUSED", COLOUR.warning] : ["LIVE", COLOUR.lit];
		default:
			return SESSION_WORDS[state.session] ?? [state.session.toUpperCase(), COLOUR.warning];
	}
}

function sessionLines(state: State): string[] {
	const rate = `${Math.round(state.fps_output)} fps`;
	if (state.session_s === null) {
		return [rate, "no session"];
	}
	return [rate, minutes(state.session_s)];
}

function qualityLines(state: State): string[] {
	const word = state.quality ?? "no rating";
	return [word, cost(state) ?? lateness(state)];
}

function minutes(seconds: number): string {
	const whole = Math.floor(seconds / 60);
	const rest = String(Math.floor(seconds % 60)).padStart(2, "0");
	return `${whole}:${rest} min`;
}

function lateness(state: State): string {
	return typeof state.glass_ms === "number" ? `${(state.glass_ms / 1000).toFixed(1)} s late` : "";
}

function cost(state: State): string | undefined {
	const amount = state.cost_session;
	if (typeof amount !== "number") {
		return undefined;
	}
	return `${amount.toFixed(2)} ${state.currency ?? ""}`.trim();
}

function textColour(lit: Lit, isOn: boolean): string {
	if (!lit.isOnline) {
		return COLOUR.quiet;
	}
	return isOn ? COLOUR.litText : COLOUR.text;
}

/** A 16:9 picture, as high as the key; its sides fall off the edge. */
function photo(still: string): string {
	const width = SIZE * (16 / 9);
	const at = `x="${(SIZE - width) / 2}" y="0" width="${width}" height="${SIZE}"`;
	return `<image ${at} preserveAspectRatio="none" href="${still}" xlink:href="${still}"/>`;
}

/** A ground for a look without a picture, whose colour is always the same for the same id. */
function tile(look: Look, hasSign: boolean): string {
	const hue = [...look.id].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 360, 7);
	return [
		gradient("g", hsl(hue, 0.5, 0.42), hsl((hue + 50) % 360, 0.55, 0.24)),
		rect(0, 0, SIZE, SIZE, "url(#g)"),
		hasSign ? glyph("look", 46, 20, 52, "#ffffff") : "",
	].join("");
}

function hsl(hue: number, saturation: number, lightness: number): string {
	const spread = saturation * Math.min(lightness, 1 - lightness);
	const channel = (offset: number) => {
		const k = (offset + hue / 30) % 12;
		const value = lightness - spread * Math.max(-1, Math.min(k - 3, 9 - k, 1));
		return Math.round(value * 255)
			.toString(16)
			.padStart(2, "0");
	};
	return `#${channel(0)}${channel(8)}${channel(4)}`;
}

function veil(): string {
	return rect(0, 0, SIZE, SIZE, COLOUR.dark, 'fill-opacity="0.7"');
}

/** In the corner of a key that shows something else besides. */
function offlineMark(): string {
	return glyph("offline", 106, 8, 30, COLOUR.quiet);
}
