/** The words of the daemon's control API that keys need; see docs/control-api.md. */

export interface Preset {
	id: string;
	name: string;
	prompt: string;
	/** The path of its still, with a version that changes with the picture. */
	thumbnail?: string | null;
}

/** What keys show of the daemon's state; an older daemon lacks the last ones. */
export interface State {
	output: string;
	session: string;
	session_s: number | null;
	prompt: string;
	preset: string | null;
	paused: boolean;
	blank: boolean;
	freeze: boolean;
	fps_output: number;
	error: string | null;
	quality?: string | null;
	cost_session?: number | null;
	currency?: string;
	/** A sentence while a cap is near or has stopped the session. */
	budget?: string | null;
	/** Whether a session costs anything at all, and whether one is billed now. */
	billable?: boolean;
	billing?: boolean;
	/** How late viewers see the camera, in milliseconds. */
	glass_ms?: number | null;
}

/** A command that the daemon refused, or that it could not be asked. */
export class Refused extends Error {
	readonly code: string;

	constructor(code: string, message: string) {
		super(message);
		this.name = "Refused";
		this.code = code;
	}
}
