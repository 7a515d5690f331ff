/**
 * The little of SVG that keys are drawn with. The Stream Deck application reads SVG Tiny: no
 * clip paths, filters, style sheets or font lists.
 */

export const SIZE = 144;

export const COLOUR = {
	ground: "#171a21",
	raised: "#252a34",
	text: "#f4f6fa",
	quiet: "#99a3b5",
	lit: "#3ddc97",
	litText: "#06281a",
	danger: "#e5484d",
	ice: "#5cc8ff",
	warning: "#ffb224",
	dark: "#0b0d11",
	violet: "#7c5cff",
	teal: "#22d3c5",
} as const;

export function escaped(text: string): string {
	return text
		.replaceAll("&", "&amp;")
		.replaceAll("<", "&lt;")
		.replaceAll(">", "&gt;")
		.replaceAll('"', "&quot;")
		.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "");
}

export function picture(width: number, height: number, ...parts: string[]): string {
	const spaces = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"';
	const size = `width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"`;
	return `<svg ${spaces} ${size}>${parts.join("")}</svg>`;
}

export function key(...parts: string[]): string {
	return picture(SIZE, SIZE, ...parts);
}

export function rect(
	x: number,
	y: number,
	width: number,
	height: number,
	fill: string,
	more = "",
): string {
	return `<rect x="${x}" y="${y}" width="${width}" height="${height}" fill="${fill}" ${more}/>`;
}

/** A frame just inside the edge. */
export function frame(colour: string, width = 8): string {
	const inset = width / 2;
	const side = SIZE - width;
	const stroke = `stroke="${colour}" stroke-width="${width}"`;
	return rect(inset, inset, side, side, "none", `rx="16" ${stroke}`);
}

export function text(
	x: number,
	y: number,
	size: number,
	fill: string,
	content: string,
	more = 'text-anchor="middle"',
): string {
	const font = `font-family="Arial" font-weight="bold" font-size="${size}"`;
	return `<text x="${x}" y="${y}" ${font} fill="${fill}" ${more}>${escaped(content)}</text>`;
}

/** About how wide bold Arial sets a text, in units of its size. */
export function breadth(content: string): number {
	let sum = 0;
	for (const letter of content) {
		if (/[ijl.,:;'|!()[\]frtI ]/.test(letter)) {
			sum += 0.33;
		} else if (/[mwMW@%]/.test(letter)) {
			sum += 0.9;
		} else if (/[A-Z&#+=<>]/.test(letter)) {
			sum += 0.72;
		} else {
			// Letters beyond Latin may be full-width.
			sum += letter > "\u2e7f" ? 1 : 0.58;
		}
	}
	return sum;
}

/** Words, and the single letters of scripts that are written without spaces. */
const PIECES = /[\u2e80-\uffef]|[^\s\u2e80-\uffef]+/g;

/** Break a text into at most `most` lines of `width` units; what does not fit ends in "…". */
export function lines(content: string, width: number, most: number): string[] {
	const made: string[] = [];
	let line = "";
	for (const piece of content.match(PIECES) ?? []) {
		const gap = line === "" || piece > "\u2e7f" ? "" : " ";
		const longer = `${line}${gap}${piece}`;
		if (line === "" || breadth(longer) <= width) {
			line = longer;
		} else {
			made.push(line);
			line = piece;
		}
	}
	made.push(line);
	const kept = made.slice(0, most);
	if (made.length > most) {
		kept[most - 1] = `${kept[most - 1] ?? ""}…`;
	}
	return kept.map((one) => shortened(one, width));
}

function shortened(content: string, width: number): string {
	if (breadth(content) <= width) {
		return content;
	}
	const letters = [...content.replace(/…$/, "")];
	while (letters.length > 1 && breadth(`${letters.join("")}…`) > width) {
		letters.pop();
	}
	return `${letters.join("")}…`;
}

/** Break a text so that its lines are about as long as each other. */
function balanced(content: string, width: number, most: number): string[] {
	const widest = lines(content, width, most);
	for (let narrower = width * 0.5; narrower < width; narrower += width * 0.05) {
		const made = lines(content, narrower, most);
		if (made.length === widest.length && !made.some((line) => line.endsWith("…"))) {
			return made;
		}
	}
	return widest;
}

/** Lines of text around a middle, at the largest of the sizes at which all of it fits. */
export function block(
	content: string,
	middle: number,
	width: number,
	most: number,
	sizes: readonly number[],
	fill: string,
): string {
	const smallest = sizes.at(-1) ?? 20;
	const fits = (size: number) => {
		const made = lines(content, width / size, most);
		return !made.some((line) => line.endsWith("…")) || content.endsWith("…");
	};
	const size = sizes.find(fits) ?? smallest;
	const made = balanced(content, width / size, most);
	const step = size * 1.12;
	const first = middle - ((made.length - 1) * step) / 2 + size * 0.36;
	return made
		.map((line, index) => text(SIZE / 2, Math.round(first + index * step), size, fill, line))
		.join("");
}

/** A shading from top to bottom: rows of one colour keep a PNG small. */
export function gradient(id: string, from: string, to: string): string {
	const stop = (at: number, colour: string) => `<stop offset="${at}" stop-color="${colour}"/>`;
	const stops = stop(0, from) + stop(1, to);
	return `<defs><linearGradient id="${id}" x1="0" y1="0" x2="0" y2="1">${stops}</linearGradient></defs>`;
}
