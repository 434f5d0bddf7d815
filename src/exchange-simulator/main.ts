import { fstatSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { startSimulator, type Simulator, type SimulatorOptions } from './simulator.service.js';

const USAGE = `usage: node dist/src/exchange-simulator/main.js [--port 0] [--speed 60] [--seed 42] [--start <exchange time, UTC ms>] [--allow-faults]`;
/** An ending that takes longer is cut short. */
const EXIT_MS = 900;

function readOptions(): SimulatorOptions {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', default: '0' },
      speed: { type: 'string', default: '60' },
      seed: { type: 'string', default: '42' },
      start: { type: 'string', default: String(Date.now()) },
      'allow-faults': { type: 'boolean', default: false },
    },
  });
  const number = (name: 'port' | 'speed' | 'seed' | 'start', min: number, max: number, whole: boolean): number => {
    const value = Number(values[name]);
    if (values[name].trim() !== '' && value >= min && value <= max && (!whole || Number.isInteger(value))) return value;
    throw new RangeError(`--${name} is a ${whole ? 'whole ' : ''}number from ${min} to ${max}; got "${values[name]}"`);
  };
  return {
    port: number('port', 0, 65_535, true),
    speed: number('speed', 0.001, 3600, false),
    seed: number('seed', 0, 2_147_483_647, true),
    start: number('start', Date.UTC(2024, 0, 1), Date.UTC(2100, 0, 1), false),
    allowFaults: values['allow-faults'],
  };
}

/** Ends with its parent: by the IPC channel where there is one, else by stdin where that is a pipe from somebody. */
function endWith(simulator: Simulator): void {
  const end = () => {
    setTimeout(() => process.exit(0), EXIT_MS).unref();
    void simulator.close().then(() => process.exit(0));
  };
  process.on('SIGTERM', end);
  // Ctrl-C reaches the whole process group; a parent with a channel says itself when it no longer needs the exchange.
  process.on('SIGINT', () => (process.channel ? undefined : end()));
  if (process.channel) {
    process.on('disconnect', end);
  } else if (stdinIsPipe()) {
    process.stdin.on('end', end).on('close', end).on('error', end).resume();
  }
}

function stdinIsPipe(): boolean {
  try {
    const stdin = fstatSync(0);
    return stdin.isFIFO() || stdin.isSocket();
  } catch {
    return false;
  }
}

async function main(): Promise<void> {
  process.stdout.on('error', () => undefined); // a parent that has gone reads no more; its end is noticed elsewhere
  const simulator = await startSimulator(readOptions());
  endWith(simulator);
  const hello = { listening: { port: simulator.port }, exchangeTime: simulator.exchangeTime() };
  process.stdout.write(`${JSON.stringify(hello)}\n`);
  process.send?.(hello);
}

main().catch((error: unknown) => {
  process.stderr.write(`exchange simulator: ${error instanceof Error ? error.message : String(error)}\n${USAGE}\n`);
  process.exitCode = 1;
  process.disconnect?.();
});
