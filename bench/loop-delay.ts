/**
 * How late the main loop's 1 ms timers fire while it is on: the sample is the time beyond the millisecond asked for.
 * Unlike a monitor that is switched off and on, it counts no pause between two runs.
 */
export class LoopDelay {
  readonly samples: number[] = [];
  #timer: NodeJS.Timeout | undefined;

  on(): void {
    const asked = performance.now();
    this.#timer = setTimeout(() => {
      this.samples.push(Math.max(0, performance.now() - asked - 1));
      this.on();
    }, 1);
  }

  off(): void {
    clearTimeout(this.#timer);
  }
}
