import { Logger } from '@nestjs/common';

/** What Nest's loggers say from now on, as `level [context] message`. */
export function logLines(): string[] {
  const lines: string[] = [];
  const say =
    (level: string) =>
    (message: unknown, ...rest: unknown[]): void =>
      // the context comes last
      void lines.push(`${level} [${String(rest.at(-1))}] ${String(message)}`);
  Logger.overrideLogger({ log: say('info'), warn: say('warn'), error: say('error') });
  return lines;
}
