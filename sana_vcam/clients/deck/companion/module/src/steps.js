// Steps through the choices of a setting, which build on each other however fast the presses come.

import { valuesOf } from './actions.js'

/** How long what was asked for counts for more than what the daemon tells, which may be late. */
const HOLDS_MS = 1500

export class Steps {
	#send
	#now
	#wanted = new Map()
	#last = Promise.resolve()

	/**
	 * @param {(type: string, data: object) => Promise<object>} send
	 * @param {() => number} now in milliseconds
	 */
	constructor(send, now = () => performance.now()) {
		this.#send = send
		this.#now = now
	}

	/**
	 * Goes to the choice after the one that was asked for last, or else is told.
	 *
	 * @param {() => object | undefined} find the setting as the daemon tells it
	 */
	async next(name, find) {
		const step = this.#last.then(() => this.#step(name, find))
		this.#last = step.catch(() => undefined)
		return await step
	}

	async #step(name, find) {
		const setting = find()
		if (!setting) throw new Error(`the model has no such setting now: ${name}`)
		const all = valuesOf(setting)
		const asked = this.#wanted.get(name)
		const holds = asked !== undefined && this.#now() < asked.until
		const now = holds ? asked.value : (setting.value ?? all[0])
		const value = all[(all.indexOf(now) + 1) % all.length]
		const done = await this.#send('set_setting', { name, value })
		this.#wanted.set(name, { value, until: this.#now() + HOLDS_MS })
		return done
	}
}
