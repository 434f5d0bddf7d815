import type { IncomingMessage, ServerResponse } from 'node:http';
import { parseFaultOrder, type FaultOrder } from './faults.js';
import type { Market } from './market.js';
import { restAnswer, type Answer } from './rest-api.js';
import type { SimulatedClock } from './simulated.clock.js';

const MAX_BODY = 4096;
const NOT_FOUND: Answer = { status: 404, body: '{"code":404,"msg":"Not Found"}' };

/** Speaks HTTP for the REST API. */
export class RestController {
  /** @param onFault receives the orders of `POST /faults`; the path does not exist where absent */
  constructor(
    private readonly market: Market,
    private readonly clock: SimulatedClock,
    private readonly onFault?: (order: FaultOrder) => void,
  ) {}

  handle(request: IncomingMessage, response: ServerResponse): void {
    const [path, query] = (request.url ?? '/').split('?', 2);
    if (request.method === 'POST' && path === '/faults' && this.onFault) {
      this.#fault(request, response, this.onFault);
      return;
    }
    request.resume();
    const known =
      request.method === 'GET' && restAnswer(this.market, this.clock.now(), path, new URLSearchParams(query));
    send(response, known || NOT_FOUND);
  }

  #fault(request: IncomingMessage, response: ServerResponse, onFault: (order: FaultOrder) => void): void {
    let text = '';
    request.setEncoding('utf8');
    request.on('data', (chunk: string) => {
      text += chunk;
      if (text.length > MAX_BODY) request.destroy();
    });
    request.on('end', () => {
      const order = parseFaultOrder(text);
      if (!order) return send(response, { status: 400, body: '{"code":-1100,"msg":"Not a fault order."}' });
      onFault(order);
      send(response, { status: 200, body: '{"ok":true}' });
    });
  }
}

function send(response: ServerResponse, { status, body }: Answer): void {
  const bytes = Buffer.from(body);
  response.writeHead(status, { 'content-type': 'application/json;charset=UTF-8', 'content-length': bytes.length });
  response.end(bytes);
}
