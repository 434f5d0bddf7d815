import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The command line `models …` of the last build, on a registry of its own in a temporary folder. */
export class ModelsCommand {
  readonly folder = mkdtempSync(join(tmpdir(), 'alphapulse-cli-'));
  readonly models = join(this.folder, 'models');
  readonly home = join(this.folder, 'home');

  run(...words: string[]): Promise<Ran> {
    const env = { ...process.env, MODELS_DIR: this.models, ALPHAPULSE_HOME: this.home };
    const child = spawn(process.execPath, ['dist/src/cli.js', 'models', ...words], { env });
    const said = { stdout: '', stderr: '' };
    for (const stream of ['stdout', 'stderr'] as const) {
      child[stream].setEncoding('utf8').on('data', (text: string) => (said[stream] += text));
    }
    return new Promise((done) => child.once('close', (code) => done({ code, ...said })));
  }

  /** @returns what `--json` printed @throws where it was refused */
  async json<T>(...words: string[]): Promise<T> {
    const { code, stdout, stderr } = await this.run(...words, '--json');
    if (code !== 0 || stderr !== '') throw new Error(`models ${words.join(' ')}: ${code} ${stderr}`);
    return JSON.parse(stdout) as T;
  }

  /** @returns the refusal that `--json` printed @throws where it was none */
  async refusal(...words: string[]): Promise<{ code: string; message: string }> {
    const { code, stdout, stderr } = await this.run(...words, '--json');
    if (code !== 1 || stdout !== '') throw new Error(`models ${words.join(' ')}: ${code} ${stdout}`);
    return JSON.parse(stderr) as { code: string; message: string };
  }

  /** Writes a file for it to read. @returns its path */
  file(name: string, contents: Uint8Array | string): string {
    writeFileSync(join(this.folder, name), contents);
    return join(this.folder, name);
  }

  /** Every file under the models and in the log, hidden ones too, with its size: the same before and after a refusal. */
  everything(): string[] {
    const inside = (at: string): string[] =>
      readdirSync(at, { withFileTypes: true }).flatMap((entry) => {
        const path = join(at, entry.name);
        return entry.isDirectory() ? [path, ...inside(path)] : [`${path} ${statSync(path).size}`];
      });
    return [...inside(this.models), readFileSync(join(this.home, 'models.jsonl'), 'utf8')];
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
