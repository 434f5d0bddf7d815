/** What readiness is judged by. */
export interface Circumstances {
  readonly models: { readonly ready: boolean; readonly reason: string | undefined };
  readonly feed: { readonly connected: boolean; readonly fresh: boolean; readonly disconnectedBecause: string | null };
  /** Undefined when the database answered; else why not. */
  readonly database: string | undefined;
}

export interface Readiness {
  readonly status: 'ready' | 'not_ready';
  readonly checks: Readonly<Record<'models' | 'feed' | 'database', boolean>>;
  /** Each with a stable code, for whoever is woken by it. */
  readonly reasons: readonly { readonly code: string; readonly message: string }[];
}

/** Ready means: models serve, the market is heard, and what is decided can be saved. */
export function readinessOf({ models, feed, database }: Circumstances): Readiness {
  const checks = { models: models.ready, feed: feed.fresh, database: database === undefined };
  const reasons = [
    ...(checks.models ? [] : [{ code: 'NO_MODEL', message: models.reason ?? 'no model serves' }]),
    ...(checks.feed ? [] : [{ code: 'FEED_NOT_FRESH', message: feedReason(feed) }]),
    ...(checks.database ? [] : [{ code: 'DATABASE_SILENT', message: database! }]),
  ];
  return { status: reasons.length === 0 ? 'ready' : 'not_ready', checks, reasons };
}

function feedReason({ connected, disconnectedBecause }: Circumstances['feed']): string {
  if (connected) return 'connected, but no recent closed candle';
  return disconnectedBecause ? `not connected: ${disconnectedBecause}` : 'not connected yet';
}
