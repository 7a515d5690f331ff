/** The signs on keys and in lists, drawn with a pen on a grid of 48. */

export type Glyph = keyof typeof STROKES;

const SPARK = "M24 4 Q26 22 44 24 Q26 26 24 44 Q22 26 4 24 Q22 22 24 4 Z";

const STROKES = {
	look: { pen: "M5 9 H43 V39 H5 Z M5 33 L16 22 L25 31 L31 25 L43 36", dot: [33, 17, 4] },
	prompt: { pen: "M6 8 H42 V34 H24 L14 42 V34 H6 Z M14 17 H34 M14 25 H27" },
	next: { pen: "M8 10 L22 24 L8 38 M26 10 L40 24 L26 38" },
	previous: { pen: "M40 10 L26 24 L40 38 M22 10 L8 24 L22 38" },
	eye: { pen: "M4 24 C13 9 35 9 44 24 C35 39 13 39 4 24 Z", dot: [24, 24, 6] },
	hidden: { pen: "M4 24 C13 9 35 9 44 24 C35 39 13 39 4 24 Z M9 43 L39 5", dot: [24, 24, 6] },
	frozen: {
		pen: "M24 4 V44 M7 14 L41 34 M41 14 L7 34 M18 7 L24 13 L30 7 M18 41 L24 35 L30 41 M6 22 L14 18 L13 9 M42 26 L34 30 L35 39 M6 26 L14 30 L13 39 M42 22 L34 18 L35 9",
	},
	pause: { pen: "M16 9 V39 M32 9 V39" },
	status: { pen: "M3 26 H13 L20 9 L29 40 L35 22 H45" },
	dial: { pen: "M24 7 A17 17 0 1 1 23.9 7 M24 15 V24", dot: [24, 24, 2] },
	offline: { pen: "M16 9 A18 18 0 1 0 32 9 M24 4 V22 M8 44 L40 4" },
	question: { pen: "M14 16 C14 2 36 3 34 16 C33 23 24 23 24 32", dot: [24, 41, 2] },
	microphone: {
		pen: "M24 4 A7 7 0 0 1 31 11 V23 A7 7 0 0 1 17 23 V11 A7 7 0 0 1 24 4 M9 22 A15 15 0 0 0 39 22 M24 37 V45",
	},
	sliders: {
		pen: "M4 14 H13 M25 14 H44 M4 34 H24 M36 34 H44 M25 14 A6 6 0 1 1 13 14 A6 6 0 1 1 25 14 M36 34 A6 6 0 1 1 24 34 A6 6 0 1 1 36 34",
	},
	list: { pen: "M6 12 H30 M6 24 H22 M6 36 H22 M30 24 L44 32 L30 40 V24" },
	curtain: {
		pen: "M4 6 H44 M8 6 L10 44 M18 6 L14 44 M32 16 A12 12 0 1 1 31.9 16",
		dot: [32, 28, 4],
	},
	take: { pen: "M24 30 V6 M14 15 L24 6 L34 15 M6 30 V43 H42 V30" },
	back: { pen: "M14 43 H30 A14 14 0 0 0 30 15 H6 M16 5 L6 15 L16 25" },
	film: { pen: "M5 10 H43 V38 H5 Z M5 18 H43 M5 30 H43 M16 10 V18 M29 10 V18 M16 30 V38 M29 30 V38" },
	record: { pen: "M24 6 A18 18 0 1 1 23.9 6", dot: [24, 24, 10] },
	spark: { fill: SPARK },
} as const;

/** Draw a glyph into a square of `size` at (x, y). */
export function glyph(name: Glyph, x: number, y: number, size: number, colour: string): string {
	const sign: { pen?: string; fill?: string; dot?: readonly number[] } = STROKES[name];
	const parts: string[] = [];
	if (sign.pen !== undefined) {
		parts.push(
			`<path d="${sign.pen}" fill="none" stroke="${colour}" stroke-width="4" stroke-linecap="round" stroke-linejoin="round"/>`,
		);
	}
	if (sign.fill !== undefined) {
		parts.push(`<path d="${sign.fill}" fill="${colour}"/>`);
	}
	if (sign.dot !== undefined) {
		const [cx, cy, r] = sign.dot;
		parts.push(`<circle cx="${cx}" cy="${cy}" r="${r}" fill="${colour}"/>`);
	}
	const scale = Math.round((size / 48) * 1000) / 1000;
	return `<g transform="translate(${x} ${y}) scale(${scale})">${parts.join("")}</g>`;
}
