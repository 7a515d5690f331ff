/** The still images that the manifest names: icons of the lists, and keys before they are drawn. */

import { type Glyph, glyph } from "./glyphs.ts";
import {
	clipKey,
	decisionKey,
	noLookKey,
	playlistKey,
	promptKey,
	statusKey,
	stepKey,
	type Switch,
	switchKey,
} from "./keys.ts";
import { COLOUR, gradient, picture, rect } from "./svg.ts";

export interface Icon {
	/** Below imgs/, without the ending. */
	path: string;
	svg: string;
	/** Sides in pixels: as named, and as "@2x". */
	sizes: readonly [number, number];
}

const LIST = [20, 40] as const;
const CATEGORY = [28, 56] as const;
const KEY = [72, 144] as const;
const PLUGIN = [288, 512] as const;

const ACTIONS: Record<string, Glyph> = {
	preset: "look",
	prompt: "prompt",
	next: "next",
	previous: "previous",
	privacy: "hidden",
	freeze: "frozen",
	pause: "pause",
	voice: "microphone",
	setting: "sliders",
	playlist: "list",
	rehearse: "curtain",
	take: "take",
	back: "back",
	clip: "film",
	record: "record",
	status: "status",
	dial: "dial",
};

/** Lists want white on nothing. */
function listed(name: Glyph): string {
	return picture(48, 48, glyph(name, 2, 2, 44, "#ffffff"));
}

function keyed(which: Switch): Icon[] {
	const name = which === "blank" ? "privacy" : which;
	const one = (path: string, isOn: boolean) => ({
		path: `actions/${name}/${path}`,
		svg: switchKey(which, { isOn, isOnline: true }),
		sizes: KEY,
	});
	return [one("key", false), one("key-on", true)];
}

/** A lens with a spark of something else in it. */
export function emblem(): string {
	const ring = (r: number, more: string) => `<circle cx="144" cy="148" r="${r}" ${more}/>`;
	return picture(
		288,
		288,
		gradient("g", COLOUR.violet, COLOUR.teal),
		rect(8, 8, 272, 272, "url(#g)", 'rx="62"'),
		ring(92, `fill="${COLOUR.dark}" fill-opacity="0.9"`),
		ring(92, 'fill="none" stroke="#ffffff" stroke-width="12"'),
		ring(56, 'fill="none" stroke="#ffffff" stroke-width="5" stroke-opacity="0.45"'),
		glyph("spark", 92, 96, 104, "#ffffff"),
		glyph("spark", 200, 30, 54, "#ffffff"),
	);
}

function categoryIcon(): string {
	const ring = '<circle cx="24" cy="25" r="18" fill="none" stroke="#ffffff" stroke-width="4"/>';
	return picture(48, 48, ring, glyph("spark", 12, 13, 24, "#ffffff"));
}

const offlineLit = { isOn: false, isOnline: true };

export const ICONS: readonly Icon[] = [
	{ path: "plugin/icon", svg: emblem(), sizes: PLUGIN },
	{ path: "plugin/category", svg: categoryIcon(), sizes: CATEGORY },
	...Object.entries(ACTIONS).map(([name, sign]) => ({
		path: `actions/${name}/icon`,
		svg: listed(sign),
		sizes: LIST,
	})),
	{ path: "actions/preset/key", svg: noLookKey("Choose a look"), sizes: KEY },
	{ path: "actions/prompt/key", svg: promptKey("", offlineLit), sizes: KEY },
	{ path: "actions/next/key", svg: stepKey(1, undefined, true), sizes: KEY },
	{ path: "actions/previous/key", svg: stepKey(-1, undefined, true), sizes: KEY },
	...keyed("blank"),
	...keyed("freeze"),
	...keyed("pause"),
	...keyed("voice"),
	{ path: "actions/setting/key", svg: noLookKey("Choose a setting"), sizes: KEY },
	{
		path: "actions/playlist/key",
		svg: playlistKey("Playlist", "", { isOn: false, isOnline: true }),
		sizes: KEY,
	},
	{ path: "actions/rehearse/key", svg: noLookKey("Choose a look"), sizes: KEY },
	{ path: "actions/take/key", svg: decisionKey("take", offlineLit), sizes: KEY },
	{ path: "actions/back/key", svg: decisionKey("back", offlineLit), sizes: KEY },
	{ path: "actions/clip/key", svg: clipKey("", true), sizes: KEY },
	...keyed("record"),
	{ path: "actions/status/key", svg: statusKey(undefined, "session"), sizes: KEY },
	{ path: "actions/dial/key", svg: dialKey(), sizes: KEY },
];

function dialKey(): string {
	return picture(144, 144, rect(0, 0, 144, 144, COLOUR.ground), glyph("dial", 36, 36, 72, COLOUR.teal));
}
