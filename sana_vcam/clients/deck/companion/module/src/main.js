// SANA VCam for Bitfocus Companion.

import { InstanceBase, InstanceStatus, runEntrypoint } from '@companion-module/base'
import { actions } from './actions.js'
import { Daemon } from './daemon.js'
import { feedbacks } from './feedbacks.js'
import { Gallery } from './gallery.js'
import { shelf } from './shelf.js'
import { Steps } from './steps.js'
import { values, VARIABLES } from './variables.js'
import { whereabouts } from './whereabouts.js'

class SanaVcam extends InstanceBase {
	#daemon
	#gallery
	#state
	#looks = []
	#settings = []
	#said = {}
	#steps = new Steps((type, data) => this.#daemon.send(type, data))

	async init(config, _isFirst, secrets) {
		this.setVariableDefinitions(VARIABLES)
		this.#define()
		this.#connect(config, secrets)
	}

	async configUpdated(config, secrets) {
		this.#define()
		this.#connect(config, secrets)
	}

	async destroy() {
		this.#daemon?.removeAllListeners()
		this.#daemon?.stop()
	}

	getConfigFields() {
		const found =
			'On the same computer and user as the daemon, leave both empty: it is found by itself. ' +
			'For another computer, enter the address and the token that "sana-vcam ctl url" shows there.'
		return [
			{ type: 'static-text', id: 'found', label: 'Where the daemon is', width: 12, value: found },
			{
				type: 'textinput',
				id: 'url',
				label: 'Address, such as ws://127.0.0.1:7262/ws',
				width: 8,
				default: '',
			},
			{ type: 'secret-text', id: 'token', label: 'Token', width: 8, default: '' },
		]
	}

	#connect(config, secrets) {
		this.#daemon?.removeAllListeners()
		this.#daemon?.stop()
		this.#show(undefined)
		this.updateStatus(InstanceStatus.Connecting)
		const daemon = new Daemon(() => whereabouts(config ?? {}, secrets ?? {}))
		this.#daemon = daemon
		this.#gallery = new Gallery(
			(id) => daemon.send('thumbnail', { id }),
			() => this.#repaint(),
		)
		daemon.on('open', () => this.updateStatus(InstanceStatus.Ok))
		daemon.on('shut', (why, refused) => this.#shut(why, refused))
		daemon.on('trouble', (why) => this.log('warn', why))
		daemon.on('state', (state) => this.#show(state))
		daemon.on('stats', (stats) => this.#state && this.#show({ ...this.#state, ...stats }))
		daemon.on('settings', ({ settings }) => this.#takeSettings(settings))
		daemon.on('presets', ({ presets }) => this.#take(presets))
		daemon.start()
	}

	#shut(why, refused) {
		this.updateStatus(refused ? InstanceStatus.BadConfig : InstanceStatus.ConnectionFailure, why)
		if (this.#state) this.log('info', why)
		this.#show(undefined)
	}

	#take(looks) {
		this.#looks = looks
		this.#gallery.take(looks)
		this.#define()
		this.#show(this.#state)
		this.checkFeedbacks('preset_picture')
	}

	/** The seed has an action of its own. */
	#takeSettings(settings) {
		this.#settings = settings.filter(({ name }) => name !== 'seed')
		this.#define()
		this.checkFeedbacks('setting')
	}

	/** Tells Companion what there is to choose from. */
	#define() {
		const here = {
			looks: this.#looks,
			settings: this.#settings,
			state: () => this.#state,
			send: (type, data) => this.#daemon.send(type, data),
			next: (name) => this.#steps.next(name, () => this.#settings.find((one) => one.name === name)),
			picture: (id, isLit) => this.#picture(id, isLit),
		}
		this.setActionDefinitions(actions(here))
		this.setFeedbackDefinitions(feedbacks(here))
		this.#fillShelf()
	}

	#fillShelf() {
		this.setPresetDefinitions(shelf(this.label, this.#looks, (id) => this.#picture(id, false), this.#settings))
	}

	#picture(id, isLit) {
		return (this.#gallery ?? new Gallery()).png64(id, isLit)
	}

	#repaint() {
		this.#fillShelf()
		this.checkFeedbacks('preset_picture')
	}

	/** Shows a state; undefined is offline. Only what has changed is sent on. */
	#show(state) {
		const before = this.#state
		this.#state = state
		const now = values(state, this.#looks)
		const changed = Object.entries(now).filter(([id, value]) => this.#said[id] !== value)
		this.#said = now
		if (changed.length > 0) this.setVariableValues(Object.fromEntries(changed))
		const differs = (field) => before?.[field] !== state?.[field]
		const stale = []
		if (differs('preset')) stale.push('preset_picture', 'preset_active')
		if (differs('output')) stale.push('output')
		if (differs('session')) stale.push('session')
		if (differs('voice')) stale.push('voice')
		if (differs('rehearsal')) stale.push('rehearsal')
		if (differs('recording')) stale.push('recording')
		if ((before === undefined) !== (state === undefined)) stale.push('offline')
		if (stale.length > 0) this.checkFeedbacks(...stale)
	}
}

runEntrypoint(SanaVcam, [])
