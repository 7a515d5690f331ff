// Bundles src/ and what it uses into ../bundle, together with the licences of all that is inside.
//
//   npm ci && npm run build
//
// The same source and lock file give the same bytes.

import { readFileSync, readdirSync, writeFileSync, mkdirSync } from 'node:fs'
import path from 'node:path'
import { build } from 'esbuild'

process.chdir(import.meta.dirname)
const OUT = path.resolve(process.argv[2] ?? path.join('..', 'bundle'))

const result = await build({
	entryPoints: ['src/main.js'],
	bundle: true,
	minify: true,
	write: false,
	metafile: true,
	format: 'cjs',
	platform: 'node',
	target: 'node22',
	legalComments: 'none',
	// Optional speed-ups of ws, which are native code.
	define: { 'process.env.WS_NO_BUFFER_UTIL': '"1"', 'process.env.WS_NO_UTF_8_VALIDATE': '"1"' },
	external: ['bufferutil', 'utf-8-validate'],
	logLevel: 'warning',
})

mkdirSync(OUT, { recursive: true })
writeFileSync(path.join(OUT, 'main.js'), result.outputFiles[0].contents)
writeFileSync(path.join(OUT, 'LICENSES.txt'), licences(Object.keys(result.metafile.inputs)))
writeFileSync(path.join(OUT, 'API'), `${packageOf(base()).version}\n`)

function base() {
	return 'node_modules/@companion-module/base'
}

/** Puts the licence texts one below the other; a package without one is an error. */
function licences(inputs) {
	const folders = new Set(inputs.map(packageFolder).filter(Boolean))
	const texts = [...folders].sort().map((folder) => {
		const { name, version, license } = packageOf(folder)
		const own = inputs.filter((input) => packageFolder(input) === folder)
		const files = [...new Set(own.flatMap((input) => licenceFiles(input, folder)))].sort()
		const text = files.map((file) => readFileSync(file, 'utf8').trim()).join('\n\n')
		const whole = files.some((file) => path.dirname(file) === folder)
		const parts = whole ? [text] : [textOf(name, license), text]
		return `${name} ${version} (${license})\n\n${parts.filter(Boolean).join('\n\n')}\n`
	})
	return texts.join(`\n${'-'.repeat(80)}\n\n`)
}

/** The folder of the package that a bundled file belongs to; undefined for our own. */
function packageFolder(input) {
	return input.match(/^.*node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/)?.[0]
}

function packageOf(folder) {
	return JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'))
}

/** The licence files beside a bundled file and above it, up to its package. */
function licenceFiles(input, folder) {
	const found = []
	for (let here = path.dirname(input); here.startsWith(folder); here = path.dirname(here)) {
		const names = readdirSync(here).filter((name) => /^(licen[cs]e|copying)/i.test(name))
		found.push(...names.map((name) => path.join(here, name)))
	}
	return found
}

/** The text for a package that names its licence, but does not bring it along. */
function textOf(name, license) {
	if (license !== 'MIT') throw new Error(`${name} brings no licence text (${license})`)
	const mit = readFileSync('MIT.txt', 'utf8').trim()
	return `Copyright (c) the authors of ${name}\n\n${mit}`
}
