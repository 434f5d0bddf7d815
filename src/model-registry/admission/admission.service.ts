import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Certificate } from '../certification/certificate.js';
import type { Refusal } from '../refusal-codes.js';
import type { AdmissionReply, AdmissionRequest, Candidate, Judged, Terms, Verdict, Wishes } from './admission.js';

/** Wall time one candidate may take; the largest allowed file loads in a tenth of it. */
export const ADMISSION_LIMITS = { judgeMs: 15_000, certifyMs: 300_000 };

/** What a child came to: how it ended, if it ended before it had answered everything. */
interface Ending {
  readonly how: string;
  readonly lastWords: string;
  /** The candidate it was at. */
  readonly began: string | undefined;
  readonly timedOut: boolean;
}

/**
 * Judges and certifies candidates in a child process, so that a bad file kills that and not this one. One child takes all
 * candidates in turn. One that dies or hangs on a candidate costs that candidate its admission; a new child goes on with the
 * rest. A promise resolves when every candidate has its answer, or `stop` was called, and no child is left.
 */
export class AdmissionService {
  #child: ChildProcess | undefined;
  #stopped = false;

  /**
   * @param entry absolute path of the built admission.worker.js
   * @param limits wall time that one candidate may take, process start included, ms
   */
  constructor(
    private readonly entry: string,
    private readonly limits: { readonly judgeMs: number; readonly certifyMs: number },
  ) {}

  async judge(candidates: readonly Judged[], wishes: Wishes): Promise<readonly Verdict[]> {
    const verdicts: Verdict[] = [];
    while (verdicts.length < candidates.length && !this.#stopped) {
      const judge = candidates.slice(verdicts.length);
      const ending = await this.#oneChild({ judge, wishes }, this.limits.judgeMs, (reply) => {
        if ('verdict' in reply) verdicts.push(reply.verdict);
      });
      const at = candidates[verdicts.length]?.candidate.ref;
      if (at !== undefined)
        verdicts.push({ ref: at, refusal: this.#death(at, ending, this.limits.judgeMs), timings: {} });
    }
    return verdicts;
  }

  /** Writes model.fp16.onnx into the version's folder where it can be converted; the certificate is the caller's to keep. */
  async certify(certify: Candidate, terms: Terms): Promise<Certificate | Refusal> {
    let answer: Certificate | Refusal | undefined;
    const ending = await this.#oneChild({ certify, terms }, this.limits.certifyMs, (reply) => {
      if ('certificate' in reply) answer = reply.certificate;
      if ('refused' in reply) answer = reply.refused;
    });
    return answer ?? this.#death(certify.ref, ending, this.limits.certifyMs);
  }

  /** The child in flight is killed; candidates without a verdict get none. */
  stop(): void {
    this.#stopped = true;
    this.#child?.kill('SIGKILL');
  }

  #oneChild(request: AdmissionRequest, limitMs: number, take: (reply: AdmissionReply) => void): Promise<Ending> {
    return new Promise((done) => {
      const started = fork(this.entry, [], {
        execArgv: [],
        stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
        serialization: 'advanced',
      });
      this.#child = started;
      let lastWords = '';
      let began: string | undefined;
      const watchdog = new Watchdog(limitMs, () => started.kill('SIGKILL'));

      started.stderr!.setEncoding('utf8').on('data', (text: string) => (lastWords = (lastWords + text).slice(-2000)));
      started.on('message', (reply: AdmissionReply) => {
        if ('began' in reply) began = reply.began;
        else take(reply);
        watchdog.calm();
      });
      // Both: a verdict may still be on its way in the channel when the process is gone already.
      const over = Promise.all([once(started, 'close'), once(started, 'disconnect')]);
      const finish = (how: string): void => {
        watchdog.stop();
        this.#child = undefined;
        done({ how, lastWords, began, timedOut: watchdog.bit });
      };
      over.then(
        () => finish(started.signalCode ?? `exit code ${started.exitCode}`),
        (error: Error) => finish(error.message),
      );
      started.send(request, () => {});
    });
  }

  /** Why a candidate got no answer. */
  #death(ref: string, { how, lastWords, began, timedOut }: Ending, limitMs: number): Refusal {
    if (timedOut) return { code: 'ADMISSION_TIMEOUT', message: `admission took more than ${limitMs / 1000} s` };
    const lines = lastWords.split('\n').filter((line) => line.trim().length > 0);
    const said = (lines.find((line) => /^\s*(\w*Error:|terminate|fatal)/i.test(line)) ?? lines.at(-1))
      ?.trim()
      .slice(0, 200);
    const what = began === ref ? 'the admission process died on it' : 'the admission process died before it began';
    return { code: 'ADMISSION_CRASHED', message: `${what} (${how})${said ? `: ${said}` : ''}` };
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

/** @returns where the admission process begins: beside this file when built, in dist/ when this runs from its source */
export function admissionEntry(): string {
  const here = fileURLToPath(import.meta.url);
  if (here.endsWith('.js')) return join(dirname(here), 'admission.worker.js');
  return resolve(dirname(here), '../../../dist/src/model-registry/admission/admission.worker.js');
}
