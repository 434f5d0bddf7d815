import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { AlertJson } from '../../src/domain/alert-json.js';

/** A status, or no answer at all. */
export type Answer = number | 'hang';

/** A real HTTP server that takes webhooks, and answers as it is told to. */
export class WebhookSink {
  /** Of those that it answered with 2xx, in order. */
  readonly taken: AlertJson[] = [];
  /** Every request that came, its headers included. */
  readonly asked: IncomingMessage[] = [];
  answer: Answer = 200;

  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  static async open(): Promise<WebhookSink> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/T01/secret-path`;
    const sink = new WebhookSink(server, url);
    server.on('request', async (request, response) => {
      const body = await text(request);
      const { answer } = sink;
      sink.asked.push(request);
      if (answer === 'hang') return;
      if (answer < 300) sink.taken.push(JSON.parse(body) as AlertJson);
      response.writeHead(answer, { location: 'http://127.0.0.1:1/elsewhere' }).end('thanks');
    });
    return sink;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
