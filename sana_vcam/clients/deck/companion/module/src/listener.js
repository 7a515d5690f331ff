// Who listens on a port of this computer: the daemon's token is shown to nobody else.

import { readFileSync } from 'node:fs'

const LISTENING = '0A'
const TABLES = {
	'127.0.0.1': ['/proc/net/tcp', '0100007F'],
	'[::1]': ['/proc/net/tcp6', '00000000000000000000000001000000'],
}

/**
 * Tells whether a program of this user may listen at an address of control.json.
 *
 * @param {string} url
 * @param {number} uid
 * @returns {boolean} false: nobody listens there, or somebody else; true also where it is not told
 */
export function mayListen(url, uid) {
	const { hostname, port } = new URL(url)
	const [table, address] = TABLES[hostname] ?? []
	const rows = table && rowsOf(table)
	if (!rows) return true
	const wanted = `${address}:${Number(port).toString(16).toUpperCase().padStart(4, '0')}`
	return rows.some(
		([, local, , state, , , , owner]) =>
			local === wanted && state === LISTENING && Number(owner) === uid,
	)
}

function rowsOf(table) {
	try {
		const lines = readFileSync(table, 'latin1').split('\n')
		return lines.map((line) => line.trim().split(/\s+/))
	} catch {
		// Only Linux has it.
		return undefined
	}
}
