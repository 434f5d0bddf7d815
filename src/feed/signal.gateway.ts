import { WebSocketGateway, type OnGatewayConnection } from '@nestjs/websockets';
import type { RawData, WebSocket } from 'ws';
import { readIncoming } from './envelope.js';
import { SignalFeed } from './signal.feed.js';

const UNSUPPORTED_DATA = 1003;
/** Bytes; `ws` itself ends the connection with 1009 above it. */
const MAX_INCOMING = 1024;

/** `/ws`. Who gets here has shown a key or a ticket: the platform's adapter refuses the others before the upgrade. */
@WebSocketGateway({ path: '/ws', maxPayload: MAX_INCOMING })
export class SignalGateway implements OnGatewayConnection<WebSocket> {
  constructor(private readonly feed: SignalFeed) {}

  handleConnection(client: WebSocket): void {
    client.on('error', () => undefined); // ws closes the connection by itself: nothing is left to do
    client.on('message', (data: RawData, isBinary: boolean) => {
      if (isBinary || readIncoming(String(data)) === 'garbage')
        client.close(UNSUPPORTED_DATA, 'expected a JSON object');
    });
    this.feed.join(client);
  }
}
