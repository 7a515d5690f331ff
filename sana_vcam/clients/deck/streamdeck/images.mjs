/**
 * Draw the manifest's images: `node images.mjs OUT`. With `--board OUT`, draw each list of key
 * pictures that standard input holds as JSON, `{name: [svg, ...]}`, as a deck or its touch strip.
 * The keys' texts are set in a font that measures like Arial.
 */

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { Resvg } from "@resvg/resvg-js";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const isBoard = process.argv[2] === "--board";
const out = process.argv[isBoard ? 3 : 2];
const BOARD_WIDTH = 640;
const FONT = "Liberation Sans";

async function load(source) {
	const made = await build({
		absWorkingDir: here,
		entryPoints: [source],
		bundle: true,
		write: false,
		format: "esm",
		charset: "utf8",
	});
	const text = Buffer.from(made.outputFiles[0].contents).toString("base64");
	return await import(`data:text/javascript;base64,${text}`);
}

function png(svg, width) {
	const set = svg.replaceAll('"Arial"', `"${FONT}"`);
	const options = { fitTo: { mode: "width", value: width }, font: { defaultFontFamily: FONT } };
	return new Resvg(set, options).render().asPng();
}

function write(path, data) {
	mkdirSync(dirname(path), { recursive: true });
	writeFileSync(path, data);
}

if (isBoard) {
	const { board, strip } = await load("src/faces/board.ts");
	for (const [name, keys] of Object.entries(JSON.parse(readFileSync(0, "utf8")))) {
		const drawn = name.endsWith("strip") ? strip(keys) : board(keys, 5);
		write(join(out, `${name}.png`), png(drawn, BOARD_WIDTH));
	}
} else {
	const { ICONS } = await load("src/faces/icons.ts");
	for (const { path, svg, sizes } of ICONS) {
		write(join(out, `${path}.png`), png(svg, sizes[0]));
		write(join(out, `${path}@2x.png`), png(svg, sizes[1]));
	}
}
