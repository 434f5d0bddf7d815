import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { GENESIS, Market } from './market.js';
import { MinuteJob } from './minute.job.js';
import { RestController } from './rest.controller.js';
import { SimulatedClock } from './simulated.clock.js';
import { StreamGateway } from './stream.gateway.js';

export interface SimulatorOptions {
  /** TCP port on 127.0.0.1; 0 takes a free one. */
  readonly port: number;
  /** Exchange milliseconds a wall millisecond, > 0. */
  readonly speed: number;
  /** Which market: a 32-bit whole number. */
  readonly seed: number;
  /** Exchange time at the start, UTC ms, not before 2024-01-01. */
  readonly start: number;
  /** Serves `POST /faults`; for tests only. */
  readonly allowFaults?: boolean;
}

export interface Simulator {
  readonly port: number;
  /** @returns exchange time now, UTC ms */
  exchangeTime(): number;
  /** Ends every connection at once. */
  close(): Promise<void>;
}

/**
 * Opens a simulated exchange on loopback.
 * @throws RangeError when it would start before the market began; the server's error when the port is taken
 */
export async function startSimulator(options: SimulatorOptions): Promise<Simulator> {
  if (!(options.start >= GENESIS))
    throw new RangeError('the simulated market begins at 2024-01-01T00:00Z; start later');
  if (!(options.speed > 0)) throw new RangeError('the speed of the simulated market is above 0');
  const market = new Market(options.seed);
  const clock = new SimulatedClock(options.start, options.speed);
  const gateway = new StreamGateway(market, clock);
  const controller = new RestController(
    market,
    clock,
    options.allowFaults ? (order) => gateway.order(order) : undefined,
  );
  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) =>
    controller.handle(request, response),
  );
  server.on('upgrade', (request, socket, head) => gateway.upgrade(request, socket, head));
  try {
    await listen(server, options.port);
  } catch (error) {
    gateway.close();
    throw error;
  }
  const job = new MinuteJob(clock, {
    closed: (boundary) => gateway.sendClosed(boundary),
    forming: () => gateway.sendForming(),
  });
  return {
    port: (server.address() as AddressInfo).port,
    exchangeTime: () => clock.now(),
    close: () => {
      job.stop();
      gateway.close();
      return closeServer(server);
    },
  };
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
