// What buttons can show.

import { combineRgb } from '@companion-module/base'
import { lookField, settingField } from './actions.js'
import { wordOfVoice } from './variables.js'

const WHITE = combineRgb(255, 255, 255)
const GREEN = combineRgb(20, 110, 60)
const RED = combineRgb(160, 20, 30)
const BLUE = combineRgb(25, 80, 160)
const AMBER = combineRgb(150, 90, 0)
const GREY = combineRgb(60, 60, 64)

const OUTPUTS = [
	['live', 'the edited picture'],
	['slate', 'a card'],
	['blank', 'black'],
	['freeze', 'a still picture'],
	['bypass', 'the raw camera'],
]
const SESSIONS = [
	'idle',
	'connecting',
	'waiting',
	'starting',
	'streaming',
	'paused',
	'reconnecting',
	'backoff',
	'refused',
	'closing',
]
const VOICE = [
	['on', 'switched on'],
	['heard', 'heard by an application'],
	['asleep', 'on, and no application listens'],
	['silent', 'on, and silent'],
	['failed', 'on, and something is wrong'],
	['off', 'off'],
]
const REHEARSALS = [
	['any', 'in any state'],
	['coming', 'on its way'],
	['ready', 'ready to be taken'],
]

/**
 * @param {object} here
 * @param {() => object | undefined} here.state undefined while offline
 * @param {object[]} here.looks
 * @param {(id: string, lit: boolean) => string} here.picture a PNG in base64
 */
export function feedbacks({ state, looks, picture, settings = [] }) {
	const isOn = (id) => state()?.preset === `${id}`.trim()
	const all = {
		preset_picture: {
			type: 'advanced',
			name: 'Look: its picture, lit while it is on',
			description: 'A still of you in that look, once it has been on; until then a plain tile.',
			options: [lookField(looks)],
			callback: ({ options }) => ({
				png64: picture(`${options.id}`.trim(), isOn(options.id)),
				pngalignment: 'center:center',
			}),
		},
		preset_active: boolean('Look is on', GREEN, [lookField(looks)], ({ id }) => isOn(id)),
		output: boolean(
			'Viewers see …',
			RED,
			[choice('output', 'Viewers see', OUTPUTS)],
			({ output }) => state()?.output === output,
		),
		session: boolean(
			'The session is …',
			BLUE,
			[choice('session', 'Session', SESSIONS.map((word) => [word, word]), 'streaming')],
			({ session }) => state()?.session === session,
		),
		voice: boolean(
			'The delayed microphone is …',
			GREEN,
			[choice('voice', 'Delayed microphone', VOICE)],
			({ voice }) => (voice === 'on' ? Boolean(state()?.voice?.on) : wordOfVoice(state()) === voice),
		),
		rehearsal: boolean(
			'A look is rehearsed',
			AMBER,
			[choice('rehearsal', 'It is', REHEARSALS)],
			({ rehearsal }) => {
				const now = state()?.rehearsal
				return rehearsal === 'any' ? now === 'coming' || now === 'ready' : now === rehearsal
			},
		),
		recording: boolean('A recording runs', RED, [], () => Boolean(state()?.recording)),
		offline: boolean('Offline: no daemon', GREY, [], () => state() === undefined),
	}
	if (settings.length > 0) {
		const value = { type: 'textinput', id: 'value', label: 'Value', default: '' }
		const isSet = ({ name, value: wanted }) => {
			const found = settings.find((one) => one.name === `${name}`.trim())
			return found !== undefined && `${found.value}` === `${wanted}`.trim()
		}
		all.setting = boolean('A setting of the model is …', BLUE, [settingField(settings), value], isSet)
	}
	return all
}

function boolean(name, bgcolor, options, isTrue) {
	const callback = (feedback) => isTrue(feedback.options)
	return { type: 'boolean', name, options, callback, defaultStyle: { bgcolor, color: WHITE } }
}

function choice(id, label, pairs, first = pairs[0][0]) {
	const choices = pairs.map(([value, words]) => ({ id: value, label: words }))
	return { type: 'dropdown', id, label, choices, default: first }
}
