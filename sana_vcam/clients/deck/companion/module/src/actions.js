// What buttons can do: each action is one command of the daemon.

const SWITCHES = {
	blank: ['Privacy: black picture', 'Viewers see black at once, also without a network.'],
	freeze: ['Freeze the picture', "Viewers see a still of the model's last picture."],
	bypass: ['Raw camera', 'Viewers see you as you are; only if [privacy] allow_bypass is on.'],
}

const PLAIN = {
	next: ['Next look', 'step_preset', { by: 1 }],
	previous: ['Previous look', 'step_preset', { by: -1 }],
	take: ['Take: put the rehearsed look on air', 'take', {}],
	back: ['Back: forget the rehearsed look', 'back', {}],
	connect: ['Connect: want a session', 'connect', {}, 'A session is paid for per second.'],
	disconnect: ['Disconnect: end the session', 'disconnect', {}],
	reset: ['Begin the run anew', 'reset', {}, 'A new seed takes effect.'],
}

/**
 * @param {object} here
 * @param {(type: string, data?: object) => Promise<object>} here.send
 * @param {object[]} here.looks
 * @param {() => object | undefined} here.state undefined while offline
 * @param {object[]} here.settings those of the model, as the daemon lists them
 * @param {(name: string) => Promise<object>} here.next sets a setting to its next choice
 */
export function actions({ send, looks, state, settings = [], next }) {
	const all = {
		preset: {
			name: 'Look',
			options: [lookField(looks)],
			callback: ({ options }) => send('apply_preset', { id: `${options.id}`.trim() }),
		},
		rehearse: {
			name: 'Rehearse a look',
			description: 'You see it in the dashboard; viewers keep a still until Take or Back.',
			options: [lookField(looks)],
			callback: ({ options }) => send('rehearse', { preset: `${options.id}`.trim() }),
		},
		prompt: {
			name: 'Prompt in words',
			options: [
				{ type: 'textinput', id: 'prompt', label: 'Prompt', default: '', useVariables: true },
			],
			callback: async ({ options }, context) =>
				send('set_prompt', { prompt: await context.parseVariablesInString(`${options.prompt}`) }),
		},
		pause: {
			name: 'Pause the model',
			description: 'A paused session is still billed, unless the model runs on this computer.',
			options: [switchField()],
			callback: ({ options }) => send(wanted(options.on, state()?.paused) ? 'pause' : 'resume'),
		},
		voice: {
			name: 'Delayed microphone',
			description: 'Applications hear the microphone as late as viewers see the picture.',
			options: [switchField()],
			callback: ({ options }) =>
				send('set_voice', options.on === 'toggle' ? {} : { on: options.on === 'on' }),
		},
		play: {
			name: 'Playlist',
			description: 'Plays it; one that plays already goes on to its next look. Without a name, so does what plays.',
			options: [
				{ type: 'textinput', id: 'name', label: 'Its name, or stop', default: '', useVariables: true },
			],
			callback: async ({ options }, context) => {
				const name = (await context.parseVariablesInString(`${options.name}`)).trim()
				const plays = name === '' || state()?.playlist?.name === name
				await send('play', { name: plays ? 'next' : name })
			},
		},
		clip: {
			name: 'Clip: save the last seconds that viewers saw',
			description: 'Only while clips = true stands under [keep] in the configuration.',
			options: [
				{ type: 'textinput', id: 'seconds', label: 'Seconds (empty: as configured)', default: '', useVariables: true },
			],
			callback: async ({ options }, context) => {
				const text = (await context.parseVariablesInString(`${options.seconds ?? ''}`)).trim()
				if (!/^\d*$/.test(text)) throw new Error(`the seconds "${text}" are no whole number`)
				await send('clip', text === '' ? {} : { seconds: Number(text) })
			},
		},
		record: {
			name: 'Record what viewers see',
			description: 'Only while clips = true stands under [keep] in the configuration.',
			options: [switchField()],
			callback: ({ options }) =>
				send('record', options.on === 'toggle' ? {} : { on: options.on === 'on' }),
		},
		seed: {
			name: 'Seed',
			description: 'Takes effect when the run begins anew.',
			options: [
				{ type: 'textinput', id: 'seed', label: 'Seed', default: '42', useVariables: true },
				{ type: 'checkbox', id: 'reset', label: 'Begin the run anew at once', default: true },
			],
			callback: async ({ options }, context) => {
				const text = (await context.parseVariablesInString(`${options.seed}`)).trim()
				if (!/^\d{1,16}$/.test(text)) throw new Error(`the seed "${text}" is no whole number`)
				await send('set_seed', { seed: Number(text) })
				if (options.reset) await send('reset')
			},
		},
	}
	if (settings.length > 0) all.setting = settingAction(send, settings)
	const steppable = settings.filter((setting) => valuesOf(setting).length > 0)
	if (steppable.length > 0) all.setting_step = stepAction(next, steppable)
	for (const [id, [name, description]] of Object.entries(SWITCHES)) {
		const callback = ({ options }) => {
			return send(id, options.on === 'toggle' ? {} : { on: options.on === 'on' })
		}
		all[id] = { name, description, options: [switchField()], callback }
	}
	for (const [id, [name, command, data, description]] of Object.entries(PLAIN)) {
		all[id] = { name, description, options: [], callback: () => send(command, data) }
	}
	return all
}

function settingAction(send, settings) {
	const value = { type: 'textinput', id: 'value', label: 'Value', default: '', useVariables: true }
	return {
		name: 'Setting of the model',
		description: 'The settings are those of the model that runs now.',
		options: [settingField(settings), value],
		callback: async ({ options }, context) => {
			const text = (await context.parseVariablesInString(`${options.value}`)).trim()
			await send('set_setting', { name: `${options.name}`.trim(), value: text })
		},
	}
}

function stepAction(next, settings) {
	return {
		name: 'Setting of the model: the next choice',
		description: 'Toggles what is on or off, and goes through the words of what has some.',
		options: [settingField(settings)],
		callback: ({ options }) => next(`${options.name}`.trim()),
	}
}

/** All values of a setting that has few: its words, or on and off. */
export function valuesOf({ kind, choices }) {
	return kind === 'boolean' ? [false, true] : choices
}

/** The list of the model's settings; a name may be typed as well, for those of another model. */
export function settingField(settings) {
	return {
		type: 'dropdown',
		id: 'name',
		label: 'Setting',
		choices: settings.map(({ name }) => ({ id: name, label: name.replaceAll('_', ' ') })),
		default: settings[0].name,
		allowCustom: true,
		tooltip: 'The settings come from the model that runs',
	}
}

/** The list of looks; an id may be typed as well, for one that comes later. */
export function lookField(looks) {
	return {
		type: 'dropdown',
		id: 'id',
		label: 'Look',
		choices: looks.map(({ id, name }) => ({ id, label: name })),
		default: looks[0]?.id ?? '',
		allowCustom: true,
		tooltip: 'The looks come from the daemon; its ids may be typed too',
	}
}

function switchField() {
	const choices = [
		{ id: 'toggle', label: 'Toggle' },
		{ id: 'on', label: 'On' },
		{ id: 'off', label: 'Off' },
	]
	return { type: 'dropdown', id: 'on', label: 'Do', choices, default: 'toggle' }
}

function wanted(option, now) {
	return option === 'toggle' ? !now : option === 'on'
}
