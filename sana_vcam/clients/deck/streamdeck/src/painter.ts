/** Redraws: at once after a rest, at most ten times a second, and only what has changed. */

const EVERY_MS = 100;

export class Painter {
	readonly #paint: () => boolean;
	#timer: NodeJS.Timeout | undefined;
	#isDue = false;

	/** `paint` draws what has changed, and says whether anything had. */
	constructor(paint: () => boolean) {
		this.#paint = paint;
	}

	/** Draw soon. */
	ask(): void {
		this.#isDue = true;
		if (this.#timer === undefined) {
			this.#draw();
		}
	}

	#draw(): void {
		this.#isDue = false;
		if (!this.#paint()) {
			return;
		}
		this.#timer = setTimeout(() => {
			this.#timer = undefined;
			if (this.#isDue) {
				this.#draw();
			}
		}, EVERY_MS).unref();
	}
}
