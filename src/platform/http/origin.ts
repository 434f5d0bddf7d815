/** @returns whether only this machine can reach `host` */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host);
}

/**
 * A browser sends the origin of the page with a websocket's upgrade, and lets any page open one: the server judges.
 * @param origin of the page; absent: not a browser
 * @param host the request's Host header
 */
export function mayOpenSocket(
  origin: string | undefined,
  host: string | undefined,
  allowed: readonly string[],
): boolean {
  if (origin === undefined || allowed.includes(origin)) return true;
  const page = URL.canParse(origin) ? new URL(origin).host : undefined;
  return page !== undefined && page === host?.toLowerCase();
}
