import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** The real application in a process of its own, started as the README says. */
export interface RunningApp {
  readonly url: string;
  readonly home: string;
  readonly process: ChildProcess;
  /** Everything it printed so far. */
  output(): string;
  /** GET with the API key; JSON back. Any other status throws with the body. */
  get<T>(path: string): Promise<T>;
  request(path: string, init?: RequestInit): Promise<Response>;
  key(): string;
  /** Sends the signal and waits for the exit. */
  end(signal: NodeJS.Signals): Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
}

export function newHome(): string {
  return mkdtempSync(join(tmpdir(), 'alphapulse-home-'));
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Starts `npm start`'s script with its own home and port; does not wait for readiness. */
export async function startApp(home: string, env: Record<string, string> = {}): Promise<RunningApp> {
  const port = env['PORT'] ?? String(await freePort());
  const child = spawn(process.execPath, ['scripts/start.mjs'], {
    env: {
      PATH: process.env['PATH'],
      HOME: process.env['HOME'],
      ALPHAPULSE_HOME: home,
      PORT: port,
      LOG_LEVEL: 'info',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const url = `http://127.0.0.1:${port}`;
  const key = () => readFileSync(join(home, 'admin.key'), 'utf8').trim();
  const request = (path: string, init: RequestInit = {}) =>
    fetch(url + path, { ...init, headers: { authorization: `Bearer ${key()}`, ...init.headers } });
  return {
    url,
    home,
    process: child,
    output: () => output,
    key,
    request,
    async get<T>(path: string) {
      const response = await request(path);
      if (response.status !== 200) throw new Error(`GET ${path}: ${response.status} ${await response.text()}`);
      return (await response.json()) as T;
    },
    async end(signal) {
      if (child.exitCode !== null || child.signalCode !== null)
        return { code: child.exitCode, signal: child.signalCode };
      const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) =>
        child.once('close', (code, by) => {
          if (code !== null && code !== 0) console.error(output.slice(-2000)); // what it said, beside the failed assertion
          resolve({ code, signal: by });
        }),
      );
      child.kill(signal);
      return ended;
    },
  };
}

/** Polls until `probe` answers something other than undefined; a probe that throws counts as not yet. */
export async function until<T>(
  app: RunningApp,
  what: string,
  probe: () => Promise<T | undefined>,
  timeoutMs = 60_000,
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  let last: unknown;
  while (performance.now() < deadline) {
    if (app.process.exitCode !== null) throw new Error(`waiting for ${what}: the app ended\n${app.output()}`);
    try {
      const found = await probe();
      if (found !== undefined) return found;
    } catch (error) {
      last = error;
    }
    await sleep(100);
  }
  throw new Error(`waited in vain for ${what}: ${String(last)}\n${app.output().slice(-4000)}`);
}

export async function ready(app: RunningApp): Promise<void> {
  await until(app, 'readiness', async () =>
    (await fetch(`${app.url}/health/ready`)).status === 200 ? true : undefined,
  );
}
