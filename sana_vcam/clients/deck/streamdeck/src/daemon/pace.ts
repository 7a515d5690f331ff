/** How fast the daemon may be spoken to: it refuses what is above its limit. */

/** Lets `burst` through at once and `rate` a second in the long run, in order; nothing is lost. */
export class Pace {
	readonly #rate: number;
	readonly #burst: number;
	readonly #waiting: (() => void)[] = [];
	#left: number;
	#at = performance.now();
	#timer: NodeJS.Timeout | undefined;

	constructor(rate: number, burst: number) {
		this.#rate = rate;
		this.#burst = burst;
		this.#left = burst;
	}

	/** Run `act` now if that is within the limit, else as soon as it is. */
	run(act: () => void): void {
		this.#refill();
		if (this.#waiting.length === 0 && this.#left >= 1) {
			this.#left -= 1;
			act();
			return;
		}
		this.#waiting.push(act);
		this.#wait();
	}

	/** Forget what waits. */
	stop(): void {
		this.#waiting.length = 0;
		clearTimeout(this.#timer);
		this.#timer = undefined;
	}

	#refill(): void {
		const now = performance.now();
		this.#left = Math.min(this.#burst, this.#left + ((now - this.#at) / 1000) * this.#rate);
		this.#at = now;
	}

	#wait(): void {
		this.#timer ??= setTimeout(() => {
			this.#timer = undefined;
			this.#refill();
			while (this.#left >= 1 && this.#waiting.length > 0) {
				this.#left -= 1;
				this.#waiting.shift()?.();
			}
			if (this.#waiting.length > 0) {
				this.#wait();
			}
		}, 1000 / this.#rate).unref();
	}
}
