// The page of ready-made buttons: one per look of the daemon, and one per switch.

import { combineRgb } from '@companion-module/base'
import { valuesOf } from './actions.js'

const WHITE = combineRgb(255, 255, 255)
const BLACK = 0
const DARK = combineRgb(24, 26, 32)
const RED = combineRgb(160, 20, 30)
const BLUE = combineRgb(25, 80, 160)
const GREEN = combineRgb(20, 110, 60)
const AMBER = combineRgb(150, 90, 0)
const GREY = combineRgb(60, 60, 64)

const OFFLINE = { feedbackId: 'offline', options: {}, style: { bgcolor: GREY, color: BLACK } }

/**
 * @param {string} label what the user calls this connection, for its variables
 * @param {object[]} looks
 * @param {(id: string) => string} picture a PNG in base64
 * @param {object[]} settings those of the model
 */
export function shelf(label, looks, picture, settings = []) {
	const all = {}
	for (const look of looks) all[`look_${look.id}`] = lookButton(look, picture(look.id))
	all.next = button('Controls', 'Next look', 'NEXT\nLOOK', { actionId: 'next' })
	all.previous = button('Controls', 'Previous look', 'PREV\nLOOK', { actionId: 'previous' })
	all.privacy = switchButton('Privacy', 'PRIVACY', 'blank', 'blank', RED)
	all.freeze = switchButton('Freeze', 'FREEZE', 'freeze', 'freeze', BLUE)
	all.bypass = switchButton('Raw camera', 'RAW\nCAMERA', 'bypass', 'bypass', AMBER)
	all.voice = button(
		'Controls',
		'Delayed microphone',
		`VOICE\n$(${label}:voice)`,
		{ actionId: 'voice', options: { on: 'toggle' } },
		[seen('voice', 'on', BLUE), seen('voice', 'heard', GREEN), seen('voice', 'failed', RED)],
	)
	all.record = button(
		'Keep',
		'Record',
		`RECORD\n$(${label}:recording)`,
		{ actionId: 'record', options: { on: 'toggle' } },
		[{ feedbackId: 'recording', options: {}, style: { bgcolor: RED, color: WHITE } }],
	)
	all.clip = button('Keep', 'Clip', 'CLIP', { actionId: 'clip', options: { seconds: '' } })
	const isReady = (bgcolor) => [seen('rehearsal', 'any', AMBER), seen('rehearsal', 'ready', bgcolor)]
	all.take = button('Rehearsal', 'Take', 'TAKE', { actionId: 'take' }, isReady(GREEN))
	all.back = button('Rehearsal', 'Back', 'BACK', { actionId: 'back' }, isReady(AMBER))
	for (const { id, name } of looks) {
		const action = { actionId: 'rehearse', options: { id } }
		all[`rehearse_${id}`] = button('Rehearsal', `Rehearse ${name}`, `TRY\n${name}`, action)
	}
	all.pause = button('Session', 'Pause', 'PAUSE', { actionId: 'pause', options: { on: 'toggle' } }, [
		seen('session', 'paused', AMBER),
	])
	all.connect = button('Session', 'Connect', 'START\nSESSION', { actionId: 'connect' })
	all.disconnect = button('Session', 'Disconnect', 'END\nSESSION', { actionId: 'disconnect' })
	all.status = statusButton(label)
	for (const setting of settings) {
		const values = valuesOf(setting)
		if (values.length > 0) all[`setting_${setting.name}`] = settingButton(setting, values.at(-1))
	}
	return all
}

/** Goes to the next choice, and is lit at the last one, which is "on" for what has two. */
function settingButton({ name }, value) {
	const text = name.replaceAll('_', '\n').toUpperCase()
	const action = { actionId: 'setting_step', options: { name } }
	const feedback = {
		feedbackId: 'setting',
		options: { name, value: `${value}` },
		style: { bgcolor: BLUE, color: WHITE },
	}
	return button('Model', name.replaceAll('_', ' '), text, action, [feedback])
}

function lookButton({ id, name }, png64) {
	const style = {
		text: name,
		size: 14,
		color: WHITE,
		bgcolor: DARK,
		alignment: 'center:bottom',
		show_topbar: false,
	}
	return {
		type: 'button',
		category: 'Looks',
		name,
		style,
		previewStyle: { png64 },
		steps: [{ down: [{ actionId: 'preset', options: { id } }], up: [] }],
		feedbacks: [
			{ feedbackId: 'preset_picture', options: { id } },
			{ feedbackId: 'preset_active', options: { id }, style: { bgcolor: GREEN, color: WHITE } },
			OFFLINE,
		],
	}
}

function statusButton(label) {
	const said = (variable) => `$(${label}:${variable})`
	const text = `${said('output')}\n${said('fps')} fps\n${said('session_minutes')} min\n${said('cost')}`
	return button('Session', 'Status', text, undefined, [
		seen('output', 'live', GREEN),
		seen('output', 'slate', AMBER),
		seen('output', 'blank', RED),
		seen('output', 'freeze', BLUE),
		seen('output', 'bypass', RED),
	])
}

function switchButton(name, text, actionId, output, bgcolor) {
	return button('Controls', name, text, { actionId, options: { on: 'toggle' } }, [
		seen('output', output, bgcolor),
	])
}

function button(category, name, text, action, feedbacks = []) {
	return {
		type: 'button',
		category,
		name,
		style: { text, size: 14, color: WHITE, bgcolor: DARK, show_topbar: false },
		steps: [{ down: action ? [{ options: {}, ...action }] : [], up: [] }],
		feedbacks: [...feedbacks, OFFLINE],
	}
}

function seen(feedbackId, value, bgcolor) {
	return { feedbackId, options: { [feedbackId]: value }, style: { bgcolor, color: WHITE } }
}
