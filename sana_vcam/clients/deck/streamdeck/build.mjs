/**
 * Make the committed bundle: `node build.mjs [OUT]`, where OUT is a folder like
 * com.sana-vcam.deck.sdPlugin. Run it where package.json's dependencies are installed.
 */

import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const out = process.argv[2] ?? join(here, "com.sana-vcam.deck.sdPlugin");

/** Its parts for inspectors, with all of `zod`, would come along if they were not known as unused. */
const withoutUnusedParts = {
	name: "without-unused-parts",
	setup(build) {
		build.onResolve({ filter: /.*/ }, async ({ path, kind, importer, resolveDir, pluginData }) => {
			const isInside = /node_modules\/@elgato\/utils\//.test(importer);
			if (pluginData === "asked" || !(isInside || path.startsWith("@elgato/utils"))) {
				return undefined;
			}
			const found = await build.resolve(path, { kind, importer, resolveDir, pluginData: "asked" });
			// One of its files completes older versions of Node, which is an effect to keep.
			return { ...found, sideEffects: /explicit-resource-management/.test(found.path) };
		});
	},
};

const made = await build({
	absWorkingDir: here,
	entryPoints: ["src/plugin.ts"],
	outfile: join(out, "bin", "plugin.js"),
	bundle: true,
	write: false,
	platform: "node",
	target: "node20",
	format: "esm",
	charset: "utf8",
	legalComments: "none",
	metafile: true,
	// Its parts are named by where they seem to lie, also where node_modules is a link.
	preserveSymlinks: true,
	plugins: [withoutUnusedParts],
	// `ws` would look for compiled parts that a single file cannot have.
	define: { "process.env.WS_NO_BUFFER_UTIL": "'1'", "process.env.WS_NO_UTF_8_VALIDATE": "'1'" },
	// Old-style modules inside ask for Node's own ones by `require`.
	banner: {
		js: [
			"// The sana-vcam plugin and the libraries that NOTICES names, bundled; see src/ for its source.",
			'import { createRequire } from "node:module";',
			"const require = createRequire(import.meta.url);",
		].join("\n"),
	},
});

/** The packages that the bundle holds parts of. */
const names = new Set(
	Object.entries(Object.values(made.metafile.outputs)[0].inputs)
		.filter(([, { bytesInOutput }]) => bytesInOutput > 0)
		.map(([path]) => /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1])
		.filter((name) => name !== undefined),
);

mkdirSync(join(out, "bin"), { recursive: true });
writeFileSync(join(out, "bin", "plugin.js"), made.outputFiles[0].text);
writeFileSync(join(out, "bin", "package.json"), '{ "type": "module" }\n');
writeFileSync(join(out, "NOTICES.txt"), notices());
execFileSync(process.execPath, [join(here, "images.mjs"), join(out, "imgs")], { stdio: "inherit" });

function notices() {
	const parts = [...names].sort().map((name) => {
		const folder = join(here, "node_modules", name);
		const { version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
		const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
		if (file === undefined) {
			throw new Error(`${name} comes without its licence`);
		}
		const text = readFileSync(join(folder, file), "utf8").replaceAll("\r\n", "\n").trim();
		return `${name} ${version} (${license})\n\n${text}\n`;
	});
	const line = `\n${"-".repeat(76)}\n\n`;
	return `bin/plugin.js holds parts of these packages, with thanks to their authors.\n${line}${parts.join(line)}`;
}
