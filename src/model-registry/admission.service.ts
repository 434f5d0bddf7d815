import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { AdmissionReply, AdmissionRequest, Candidate, Verdict } from './admission.js';
import type { RefusalCode } from './refusal-codes.js';

/**
 * Judges candidates in a child process, so that a bad file kills that and not this one.
 * One child takes all candidates in turn. One that dies or hangs on a candidate costs that candidate its admission; a new
 * child goes on with the rest. `judge` resolves when every candidate has its verdict, or `stop` was called, and no child
 * is left.
 */
export class AdmissionService {
  #child: ChildProcess | undefined;
  #stopped = false;

  /**
   * @param entry absolute path of the built admission.worker.js
   * @param limitMs wall time that one candidate may take, process start included
   */
  constructor(
    private readonly entry: string,
    private readonly limitMs: number,
  ) {}

  async judge(candidates: readonly Candidate[]): Promise<readonly Verdict[]> {
    const verdicts: Verdict[] = [];
    while (verdicts.length < candidates.length && !this.#stopped) {
      verdicts.push(...(await this.#oneChild(candidates.slice(verdicts.length))));
    }
    return verdicts;
  }

  /** The child in flight is killed; candidates without a verdict get none. */
  stop(): void {
    this.#stopped = true;
    this.#child?.kill('SIGKILL');
  }

  /** @returns at least one verdict, in the candidates' order: as many as this child lived to give */
  #oneChild(candidates: readonly Candidate[]): Promise<readonly Verdict[]> {
    return new Promise((done) => {
      const verdicts: Verdict[] = [];
      const started = fork(this.entry, [], {
        execArgv: [],
        stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
        serialization: 'advanced',
      });
      this.#child = started;
      let lastWords = '';
      let begun: string | undefined;
      const watchdog = new Watchdog(this.limitMs, () => started.kill('SIGKILL'));

      started.stderr!.setEncoding('utf8').on('data', (text: string) => (lastWords = (lastWords + text).slice(-2000)));
      started.on('message', (reply: AdmissionReply) => {
        if ('verdict' in reply) verdicts.push(reply.verdict);
        else begun = reply.began;
        watchdog.calm();
      });
      // Both: a verdict may still be on its way in the channel when the process is gone already.
      const over = Promise.all([once(started, 'close'), once(started, 'disconnect')]);
      const finish = (how: string): void => {
        watchdog.stop();
        this.#child = undefined;
        const at = candidates[verdicts.length];
        if (at) verdicts.push(watchdog.bit ? this.#timedOut(at) : crashed(at, begun === at.ref, how, lastWords));
        done(verdicts);
      };
      over.then(
        () => finish(started.signalCode ?? `exit code ${started.exitCode}`),
        (error: Error) => finish(error.message),
      );
      started.send({ candidates } satisfies AdmissionRequest, () => {});
    });
  }

  #timedOut({ ref }: Candidate): Verdict {
    return refused(ref, 'ADMISSION_TIMEOUT', `admission took more than ${this.limitMs / 1000} s`);
  }
}

/** Bites once, `limitMs` after it was last calmed. */
class Watchdog {
  bit = false;
  #timer: NodeJS.Timeout;

  constructor(
    private readonly limitMs: number,
    private readonly bite: () => void,
  ) {
    this.#timer = this.#start();
  }

  calm(): void {
    this.stop();
    this.#timer = this.#start();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #start(): NodeJS.Timeout {
    return setTimeout(() => {
      this.bit = true;
      this.bite();
    }, this.limitMs);
  }
}

function crashed({ ref }: Candidate, began: boolean, how: string, lastWords: string): Verdict {
  const lines = lastWords.split('\n').filter((line) => line.trim().length > 0);
  const said = (lines.find((line) => /^\s*(\w*Error:|terminate|fatal)/i.test(line)) ?? lines.at(-1))
    ?.trim()
    .slice(0, 200);
  const what = began ? 'the admission process died on it' : 'the admission process died before it began';
  return refused(ref, 'ADMISSION_CRASHED', `${what} (${how})${said ? `: ${said}` : ''}`);
}

function refused(ref: string, code: RefusalCode, message: string): Verdict {
  return { ref, refusal: { code, message }, timings: {} };
}

/** @returns where the admission process begins: beside this file when built, in dist/ when this runs from its source */
export function admissionEntry(): string {
  const here = fileURLToPath(import.meta.url);
  if (here.endsWith('.js')) return join(dirname(here), 'admission.worker.js');
  return resolve(dirname(here), '../../dist/src/model-registry/admission.worker.js');
}
