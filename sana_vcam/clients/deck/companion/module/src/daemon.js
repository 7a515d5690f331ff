// The connection to the daemon: found, opened, and opened again for as long as it is wanted.

import { EventEmitter } from 'node:events'
import WebSocket from 'ws'

const EVENTS = ['state', 'presets', 'stats']
const RETRY_MS = 1000
const REPLY_MS = 4000
const HANDSHAKE_MS = 5000
const MAX_MESSAGE_BYTES = 16 * 1024 * 1024

/**
 * Emits `open`, `shut` (why: string, refused: boolean), `state`, `presets`, `stats`, `settings`.
 *
 * `find` is asked anew before every attempt, because a daemon that was started again may listen
 * somewhere else.
 */
export class Daemon extends EventEmitter {
	#find
	#socket
	#timer
	#stopped = false
	#nextId = 1
	#waiting = new Map()

	/** @param {() => { url: string, token: string } | undefined} find may throw what is wrong */
	constructor(find) {
		super()
		this.#find = find
	}

	get isOpen() {
		return this.#socket?.readyState === WebSocket.OPEN
	}

	start() {
		let where
		try {
			where = this.#find()
		} catch (error) {
			return this.#again(error.message, true)
		}
		if (!where) return this.#again('no daemon runs on this computer; start it: sana-vcam run')
		this.#open(where)
	}

	stop() {
		this.#stopped = true
		clearTimeout(this.#timer)
		this.#socket?.terminate()
	}

	/**
	 * Sends one command, in the order of the calls.
	 *
	 * @returns {Promise<object>} the reply's data
	 * @throws {Error} refused, offline, or no answer; in words
	 */
	send(type, data = {}) {
		if (!this.isOpen) return Promise.reject(new Error('offline: the daemon is not connected'))
		const id = this.#nextId++
		return new Promise((resolve, reject) => {
			const timer = setTimeout(() => this.#settle(id, 'the daemon does not answer'), REPLY_MS)
			this.#waiting.set(id, { resolve, reject, timer })
			this.#socket.send(JSON.stringify({ type, id, data }))
		})
	}

	/** An older daemon does not know every event, and says in its `hello` which ones it does. */
	#subscribe(events) {
		this.send('subscribe', { events }).catch((error) => this.emit('trouble', error.message))
	}

	#open({ url, token }) {
		// The library sends no Origin, which the daemon would take for a web page's.
		const socket = new WebSocket(url, {
			headers: token ? { Authorization: `Bearer ${token}` } : {},
			perMessageDeflate: false,
			handshakeTimeout: HANDSHAKE_MS,
			maxPayload: MAX_MESSAGE_BYTES,
		})
		this.#socket = socket
		let why = `nothing answers at ${url}`
		let refused = false
		socket.on('open', () => {
			why = 'the daemon has gone'
			this.emit('open')
			this.#subscribe(EVENTS)
		})
		socket.on('message', (text) => this.#receive(JSON.parse(text.toString())))
		socket.on('unexpected-response', (request, response) => {
			refused = response.statusCode === 401 || response.statusCode === 403
			why = refused
				? 'the token is wrong or missing; see: sana-vcam ctl token'
				: `${url} answered ${response.statusCode}, which no daemon does`
			request.destroy()
			socket.terminate()
		})
		// Every error is followed by `close`, which says it.
		socket.on('error', () => undefined)
		socket.on('close', () => this.#again(why, refused))
	}

	#again(why, refused = false) {
		this.#socket = undefined
		for (const id of [...this.#waiting.keys()]) this.#settle(id, why)
		if (this.#stopped) return
		this.emit('shut', why, refused)
		this.#timer = setTimeout(() => this.start(), RETRY_MS)
	}

	#receive({ type, id, data }) {
		if (type === 'hello' && data.events.includes('settings')) this.#subscribe([...EVENTS, 'settings'])
		if (id === undefined) this.emit(type, data)
		else if (type === 'ok') this.#settle(id, undefined, data)
		else this.#settle(id, data.message)
	}

	#settle(id, failure, data) {
		const waiting = this.#waiting.get(id)
		if (!waiting) return
		this.#waiting.delete(id)
		clearTimeout(waiting.timer)
		if (failure === undefined) waiting.resolve(data)
		else waiting.reject(new Error(failure))
	}
}
