// Where the daemon is: what the user entered, or what the daemon's own control.json says.

import { lstatSync, readFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { mayListen } from './listener.js'

const APP = 'sana-vcam'
// Where a daemon that is a service of the machine leaves a copy for its group.
const SHARED = path.join('/run', APP)
const MAX_FILE_BYTES = 4096

/**
 * Finds the daemon.
 *
 * @param {{ url?: string }} config the connection's configuration
 * @param {{ token?: string }} secrets
 * @returns {{ url: string, token: string } | undefined} undefined: no daemon runs here
 * @throws {Error} the address cannot be one; with the mend
 */
export function whereabouts(config, secrets) {
	const entered = config.url?.trim()
	if (!entered) return fromControlFiles()
	const { url, token } = readAddress(entered)
	return { url, token: secrets.token?.trim() || token }
}

/** Reads `ws://host:7262/ws?token=…`, or as little of it as `host`. */
export function readAddress(text) {
	let address
	try {
		address = new URL(/^[a-z]+:\/\//i.test(text) ? text : `ws://${text}`)
	} catch {
		throw new Error(`"${text}" is no address; enter ws://127.0.0.1:7262/ws, or leave it empty`)
	}
	const token = address.searchParams.get('token') ?? ''
	const scheme = { 'ws:': 'ws', 'http:': 'ws', 'wss:': 'wss', 'https:': 'wss' }[address.protocol]
	if (!scheme) throw new Error(`"${address.protocol}//" is not spoken; enter ws://host:7262/ws`)
	const port = address.port || (/^[a-z]+:\/\//i.test(text) ? '' : '7262')
	const file = address.pathname === '/' ? '/ws' : address.pathname
	return { url: `${scheme}://${address.hostname}${port && `:${port}`}${file}`, token }
}

function fromControlFiles() {
	for (const folder of folders(process.env, process.platform)) {
		const found = readNote(folder)
		if (found) return found
	}
	return undefined
}

/** The daemon's run-time folders, the likeliest first. */
export function folders(environ, platform) {
	const home = os.homedir()
	if (platform === 'win32') {
		const local = environ.LOCALAPPDATA ?? path.join(home, 'AppData', 'Local')
		return [path.join(local, 'Temp', APP), path.join(os.tmpdir(), APP)]
	}
	if (platform === 'darwin') return [path.join(home, 'Library/Caches/TemporaryItems', APP)]
	const uid = process.getuid()
	const given = environ.XDG_RUNTIME_DIR
	// As the daemon does: a folder that others can enter does not count.
	const own = given && isPrivate(given, uid) ? [given] : usual(uid)
	return [...own.map((folder) => path.join(folder, APP)), SHARED]
}

function usual(uid) {
	return [`/run/user/${uid}`, path.join(os.tmpdir(), `runtime-${uid}`)]
}

function isPrivate(folder, uid) {
	try {
		const found = lstatSync(folder)
		return found.isDirectory() && found.uid === uid && (found.mode & 0o777) === 0o700
	} catch {
		// It is not there, or not ours to see.
		return false
	}
}

/** Reads a folder's control.json; undefined if there is none, or others could have put it there. */
function readNote(folder) {
	const file = path.join(folder, 'control.json')
	try {
		const found = lstatSync(file)
		if (!found.isFile() || found.size > MAX_FILE_BYTES || !isTrusted(folder, found)) return undefined
		const { url, token } = JSON.parse(readFileSync(file, 'utf8'))
		if (typeof url !== 'string' || typeof token !== 'string') return undefined
		// A daemon that was killed leaves its file, and somebody else may have taken its port.
		return mayListen(url, found.uid) ? { url, token } : undefined
	} catch {
		// There is no daemon, or its file is not ours to read: either way it is not found here.
		return undefined
	}
}

/** Whether a file is ours, or in the shared folder of the user whom the system service runs as. */
function isTrusted(folder, found) {
	if (!process.getuid) return true
	const home = lstatSync(folder)
	const owner = folder === SHARED ? home.uid : process.getuid()
	return home.isDirectory() && home.uid === owner && found.uid === owner && !(home.mode & 0o022)
}
