import type { LoggerService } from '@nestjs/common';
import { pino, type DestinationStream, type Level } from 'pino';
import pretty from 'pino-pretty';
import type { Config } from './config/schema.js';
import { scrub } from './scrub.js';

/** What Nest says of itself while it wires the application: of interest only to who works on it. */
const CHATTER = new Set([
  'InstanceLoader',
  'RouterExplorer',
  'RoutesResolver',
  'NestFactory',
  'WebSocketsController',
  'NestApplication',
]);

/** Pino behind Nest's logger: lines for a person on a terminal, JSON otherwise; nothing secret in either. */
export class NestLog implements LoggerService {
  readonly #log;

  constructor(level: Config['LOG_LEVEL'], destination: DestinationStream = terminalOrJson()) {
    this.#log = pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, destination);
  }

  log(message: unknown, ...rest: unknown[]): void {
    this.#write('info', message, rest);
  }
  warn(message: unknown, ...rest: unknown[]): void {
    this.#write('warn', message, rest);
  }
  error(message: unknown, ...rest: unknown[]): void {
    this.#write('error', message, rest);
  }
  debug(message: unknown, ...rest: unknown[]): void {
    this.#write('debug', message, rest);
  }
  verbose(message: unknown, ...rest: unknown[]): void {
    this.#write('trace', message, rest);
  }
  fatal(message: unknown, ...rest: unknown[]): void {
    this.#write('fatal', message, rest);
  }

  /** Nest hands the context last, and before it a stack or further messages. */
  #write(level: Level, message: unknown, rest: readonly unknown[]): void {
    const context = typeof rest.at(-1) === 'string' ? (rest.at(-1) as string) : undefined;
    const more = rest.slice(0, context === undefined ? undefined : -1).filter((part) => part !== undefined);
    const text = [message, ...more].map(textOf).join('\n');
    const effective = level === 'info' && context !== undefined && CHATTER.has(context) ? 'debug' : level;
    this.#log[effective](context === undefined ? {} : { context }, scrub(text));
  }
}

function textOf(part: unknown): string {
  if (typeof part === 'string') return part;
  if (part instanceof Error) return part.stack ?? part.message;
  return (
    JSON.stringify(part, (_, value: unknown) => (typeof value === 'bigint' ? value.toString() : value)) ?? String(part)
  );
}

function terminalOrJson(): DestinationStream {
  if (!process.stdout.isTTY) return pino.destination({ dest: 1, sync: true });
  return pretty({
    colorize: true,
    sync: true,
    ignore: 'context',
    messageFormat: '{context}: {msg}',
    translateTime: 'SYS:HH:MM:ss.l',
  });
}
