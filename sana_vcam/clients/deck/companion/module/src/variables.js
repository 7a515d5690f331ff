// What buttons can say.

const WORDS = {
	live: 'Live',
	slate: 'Card',
	blank: 'Black',
	freeze: 'Frozen',
	bypass: 'Raw camera',
}

export const VARIABLES = [
	{ variableId: 'preset', name: 'The look that is on, by its name' },
	{ variableId: 'preset_id', name: 'The look that is on, by its id' },
	{ variableId: 'prompt', name: 'The prompt' },
	{ variableId: 'output', name: 'What viewers see, in a word' },
	{ variableId: 'card', name: 'The headline of the card that viewers see' },
	{ variableId: 'session', name: 'The state of the session' },
	{ variableId: 'session_minutes', name: 'Minutes since the session became ready' },
	{ variableId: 'fps', name: 'Frames per second from the model' },
	{ variableId: 'delay', name: 'Delay of the picture in milliseconds, as far as it is known' },
	{ variableId: 'cost', name: 'What this session has cost, if a price is configured' },
	{ variableId: 'seed', name: 'The seed' },
	{ variableId: 'viewers', name: 'Applications that read the virtual camera' },
	{ variableId: 'voice', name: 'The delayed microphone: off, opening, asleep, heard, silent or failed' },
	{ variableId: 'voice_delay', name: 'How late it is heard, in milliseconds' },
	{ variableId: 'playlist', name: 'The playlist that plays, where it is in it, and its look' },
	{ variableId: 'rehearsal', name: 'The look that is rehearsed: coming, ready, taking or back; empty while none is' },
	{ variableId: 'recording', name: 'How long the recording is, in minutes and seconds; empty while none runs' },
	{ variableId: 'error', name: 'What is wrong, in words' },
]

/** How the delayed microphone is; nothing while offline, and off where it never was on. */
export function wordOfVoice(state) {
	return state && (state.voice?.state ?? 'off')
}

/** What plays: "warm-up 2/3 clay". */
function wordsOfPlaylist(playlist) {
	return playlist ? `${playlist.name} ${playlist.entry}/${playlist.entries} ${playlist.look}` : ''
}

/** How long a recording is: "1:07". */
function timeOf(recording) {
	if (!recording) return ''
	const rest = String(Math.floor(recording.seconds % 60)).padStart(2, '0')
	return `${Math.floor(recording.seconds / 60)}:${rest}`
}

/** The values; `state` is undefined while offline, and may be of an older daemon. */
export function values(state, looks) {
	if (!state) {
		const none = VARIABLES.map(({ variableId }) => [variableId, ''])
		return { ...Object.fromEntries(none), output: 'Offline', session: 'offline' }
	}
	const minutes = state.session_s == null ? '' : Math.floor(state.session_s / 60)
	return {
		preset: looks.find(({ id }) => id === state.preset)?.name ?? '',
		preset_id: state.preset ?? '',
		prompt: state.prompt,
		output: WORDS[state.output] ?? state.output,
		card: state.card ?? '',
		session: state.session,
		session_minutes: minutes,
		fps: Math.round(state.fps_model),
		delay: state.glass_ms ?? state.delay_ms ?? '',
		cost: state.cost_session == null ? '' : `${state.cost_session.toFixed(2)} ${state.currency}`,
		seed: state.seed,
		viewers: state.viewers ?? '',
		voice: wordOfVoice(state),
		voice_delay: state.voice?.on ? state.voice.delay_ms : '',
		playlist: wordsOfPlaylist(state.playlist),
		rehearsal: state.rehearsal ?? '',
		recording: timeOf(state.recording),
		error: state.error ?? '',
	}
}
