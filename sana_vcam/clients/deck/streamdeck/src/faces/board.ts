/** Keys as they lie on a deck, for the pictures of the docs. */

import { COLOUR, picture, rect, SIZE } from "./svg.ts";

const GAP = 26;
const EDGE = 44;

const STRIP = { width: 200, height: 100 };

/** The touch strip, which has no gaps. */
export function strip(parts: readonly string[]): string {
	const width = parts.length * STRIP.width;
	const placed = parts.map((svg, index) => svg.replace("<svg ", `<svg x="${index * STRIP.width}" `));
	return picture(width, STRIP.height, rect(0, 0, width, STRIP.height, "#000000"), ...placed);
}

/** Key pictures side by side, in rows of `columns`, on a dark panel. */
export function board(keys: readonly string[], columns: number): string {
	const rows = Math.ceil(keys.length / columns);
	const width = 2 * EDGE + columns * SIZE + (columns - 1) * GAP;
	const height = 2 * EDGE + rows * SIZE + (rows - 1) * GAP;
	const placed = keys.map((svg, index) => {
		const x = EDGE + (index % columns) * (SIZE + GAP);
		const y = EDGE + Math.floor(index / columns) * (SIZE + GAP);
		// In one document their gradients must not share a name.
		return svg
			.replace("<svg ", `<svg x="${x}" y="${y}" `)
			.replaceAll('id="g"', `id="g${index}"`)
			.replaceAll("url(#g)", `url(#g${index})`);
	});
	return picture(width, height, rect(0, 0, width, height, COLOUR.dark, 'rx="40"'), ...placed);
}
