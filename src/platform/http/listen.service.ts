import { createServer } from 'node:net';
import { StartError } from '../start-error.js';

/**
 * Says before anything is started whether the address is free; the server takes it later.
 * @throws StartError naming host and port, and what to do
 */
export function checkAddress(host: string, port: number): Promise<void> {
  return new Promise((done, failed) => {
    const probe = createServer();
    probe.once('error', (error) => failed(unusable(error, host, port)));
    probe.listen(port, host, () => probe.close(() => done()));
  });
}

/** @returns the readable form of an error of `listen` */
export function unusable(error: unknown, host: string, port: number): Error {
  const { code, message } = error as NodeJS.ErrnoException;
  switch (code) {
    case 'EADDRINUSE':
      return new StartError(`Port ${port} on ${host} is taken. Set PORT to a free one, or stop what uses it.`);
    case 'EACCES':
      return new StartError(`Port ${port} on ${host} is not allowed to this user. Set PORT to one above 1023.`);
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return new StartError(
        `This machine has no address ${host}. Set HOST to 127.0.0.1, or 0.0.0.0 for all of its addresses.`,
      );
    default:
      return new StartError(`Cannot listen on ${host} port ${port}: ${message}`);
  }
}
