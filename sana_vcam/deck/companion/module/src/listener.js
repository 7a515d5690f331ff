// Who listens on a port of this computer: the daemon's token is shown to nobody else.

import { readFileSync } from 'node:fs'

const LISTENING = '0A'
const TABLES = {
	'127.0.0.1': ['/proc/net/tcp', '0100007F'],
	'[::1]': ['/proc/net/tcp6', '00000000000000000000000001000000'],
}

/**
 * Finds the user who listens at an address of control.json.
 *
 * @param {string} url
 * @returns {number | undefined} undefined: nobody listens, or this system does not tell
 */
export function listenerUid(url) {
	const { hostname, port } = new URL(url)
	const [table, address] = TABLES[hostname] ?? []
	if (!table) return undefined
	const wanted = `${address}:${Number(port).toString(16).toUpperCase().padStart(4, '0')}`
	for (const line of linesOf(table)) {
		const [, local, , state, , , , uid] = line.trim().split(/\s+/)
		if (local === wanted && state === LISTENING) return Number(uid)
	}
	return undefined
}

function linesOf(table) {
	try {
		return readFileSync(table, 'latin1').split('\n')
	} catch {
		// Only Linux has it.
		return []
	}
}
