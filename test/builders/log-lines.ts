import { Logger } from '@nestjs/common';

/** What Nest's loggers say from now on, as `level [context] message`. */
export function logLines(): string[] {
  const lines: string[] = [];
  const say =
    (level: string) =>
    (message: unknown, context?: unknown): void =>
      void lines.push(`${level} [${String(context)}] ${String(message)}`);
  Logger.overrideLogger({ log: say('info'), warn: say('warn'), error: say('error') });
  return lines;
}
