// The pictures of the looks: fetched when they change, drawn once, kept.

import { fromJpeg, tile, toPng64 } from './pictures.js'

export class Gallery {
	#fetch
	#onChange
	#kept = new Map()

	/**
	 * @param {(id: string) => Promise<{ data: string }>} fetch a JPEG in base64
	 * @param {() => void} onChange some picture has come
	 */
	constructor(fetch, onChange) {
		this.#fetch = fetch
		this.#onChange = onChange
	}

	/** Takes the daemon's list; an entry's `thumbnail` names its still, and changes with it. */
	take(looks) {
		const ids = new Set(looks.map(({ id }) => id))
		for (const id of this.#kept.keys()) if (!ids.has(id)) this.#kept.delete(id)
		const changed = looks.filter(({ id, thumbnail }) => this.#at(id).name !== (thumbnail ?? null))
		if (changed.length > 0) this.#load(changed)
	}

	/** The button's PNG in base64. */
	png64(id, isLit) {
		const entry = this.#at(id)
		const key = isLit ? 'lit' : 'dark'
		entry[key] ??= toPng64(entry.picture, isLit)
		return entry[key]
	}

	async #load(looks) {
		for (const { id, thumbnail } of looks) {
			const name = thumbnail ?? null
			const picture = name === null ? tile(id) : await this.#still(id)
			if (picture) this.#kept.set(id, { name, picture })
		}
		this.#onChange()
	}

	/** undefined where the daemon has gone meanwhile, or has the still no more. */
	async #still(id) {
		try {
			return fromJpeg(Buffer.from((await this.#fetch(id)).data, 'base64'))
		} catch {
			return undefined
		}
	}

	#at(id) {
		const known = this.#kept.get(id)
		if (known) return known
		const entry = { name: null, picture: tile(id) }
		this.#kept.set(id, entry)
		return entry
	}
}
