/** How a job ended. Buffers are back where the worker gave them back. */
export type Outcome =
  | {
      readonly answered: true;
      readonly input: ArrayBuffer;
      readonly output: ArrayBuffer;
      /** Wall time, epoch ms, in the worker. */
      readonly inferring: number;
      readonly inferred: number;
    }
  | { readonly answered: false; readonly code: 'DEADLINE' | 'ENGINE_FAILED'; readonly reason: string };

/** One call of one model on one worker. */
export interface Job {
  readonly key: string;
  readonly rows: number;
  readonly input: ArrayBuffer;
  readonly output: ArrayBuffer;
  /** Called once. */
  readonly settle: (outcome: Outcome) => void;
}
