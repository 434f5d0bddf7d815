/** Every message to a client has this shape, and one of these types. */
export type EventType = 'initial_signals' | 'new_signal' | 'order_update' | 'run_completed' | 'alert' | 'ping';

/** What a client may say. Everything but `pong` is read and dropped; what is no JSON object ends the connection. */
export type Incoming = 'pong' | 'ignored' | 'garbage';

/**
 * Built once an event and sent to every client as it is.
 * @param time exchange time, UTC ms
 * @returns `{type, data, timestamp}` as UTF-8 JSON
 */
export function frame(type: EventType, data: unknown, time: number): Buffer {
  return Buffer.from(JSON.stringify({ type, data, timestamp: new Date(time).toISOString() }));
}

export function readIncoming(text: string): Incoming {
  try {
    const message: unknown = JSON.parse(text);
    if (typeof message !== 'object' || message === null) return 'garbage';
    return 'type' in message && message.type === 'pong' ? 'pong' : 'ignored';
  } catch {
    return 'garbage';
  }
}
