import 'reflect-metadata';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { AppModule, joinStages } from './app.module.js';
import { StoredMarketRepository } from './market-data/storage/stored-market.repository.js';
import { start, stop } from './pipeline.js';
import { banner } from './platform/banner.js';
import type { Config } from './platform/config/schema.js';
import { Settings, type ExchangeEndpoint } from './platform/config/settings.js';
import { Database } from './platform/database/database.service.js';
import { DatabaseLock } from './platform/database/database-lock.service.js';
import { EmbeddedPostgres } from './platform/database/embedded-postgres.service.js';
import { closeDatabase, openDatabase, whereIs } from './platform/database/postgres.data-source.js';
import { readConfig } from './platform/environment.service.js';
import { wallNow } from './platform/exchange.clock.js';
import { takeHome } from './platform/home.service.js';
import { checkAddress, unusable } from './platform/http/listen.service.js';
import { createServer } from './platform/http/server.service.js';
import { NestLog } from './platform/nest.log.js';
import { scrub } from './platform/scrub.js';
import { Interrupted, Shutdown } from './platform/shutdown.service.js';
import { resume } from './platform/simulated-market.js';
import { savedMarket, SimulatorProcess } from './platform/simulator-process.service.js';
import { StartError } from './platform/start-error.js';

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};
const shutdown = new Shutdown(complain);

/** From nothing to a running system; each thing opened is closed again in reverse order at the end. */
async function run(): Promise<void> {
  const startedAt = wallNow();
  const config = readConfig();
  const log = new NestLog(config.LOG_LEVEL);
  await checkAddress(config.HOST, config.PORT);
  const home = takeHome(config.ALPHAPULSE_HOME);
  shutdown.onEnd('the lock', () => home.release());

  const postgres = await openPostgres(config, home.path);
  const databaseUrl = postgres?.url ?? config.DATABASE_URL!;
  const dataSource = await shutdown.step(openDatabase(databaseUrl));
  const onLost = (reason: string): void => shutdown.fail(reason);
  const lock = await shutdown.step(DatabaseLock.take(dataSource, { url: databaseUrl, onLost }));
  const stored = new StoredMarketRepository(new Database(dataSource));
  await shutdown.step(stored.requireOnly(config.EXCHANGE, dataOf(config, home.path)));
  const simulator = await openSimulator(config, home.path, stored, log);
  shutdown.onEnd('the database connections', () => closeDatabase(dataSource));
  shutdown.onEnd('the lock of the database', () => lock.release());

  const settings = new Settings(config, {
    databaseUrl,
    exchange: endpoint(config, simulator),
    home: home.path,
    modelsDir: resolve(config.MODELS_DIR),
    version,
    startedAt,
  });
  const app = await shutdown.step(createServer(AppModule.with(settings, dataSource), { logger: log }));
  shutdown.onEnd('the server', () => app.close());
  const stages = joinStages(app);
  shutdown.onEnd('the pipeline', () => stop(stages));
  const url = await shutdown.step(listen(app, config));

  process.stdout.write(`${describe(settings, url, simulator, postgres)}\n`);
  await shutdown.step(start(stages));
  log.log(`started in ${((wallNow() - startedAt) / 1000).toFixed(1)} s`, 'AlphaPulse');
}

async function openPostgres(config: Config, home: string): Promise<EmbeddedPostgres | undefined> {
  if (config.DATABASE_URL !== undefined) return undefined;
  const onLost = (reason: string): void => shutdown.fail(reason);
  const postgres = await shutdown.step(EmbeddedPostgres.start({ home, onLost }));
  shutdown.onEnd('the embedded PostgreSQL', () => postgres.stop(), { alone: true });
  return postgres;
}

async function openSimulator(
  config: Config,
  home: string,
  stored: StoredMarketRepository,
  log: NestLog,
): Promise<SimulatorProcess | undefined> {
  if (config.EXCHANGE !== 'simulator') return undefined;
  const resumed = resume(config.SIMULATOR_SEED, savedMarket(home), await stored.newestClose());
  if ('refused' in resumed) throw new StartError(resumed.refused);
  const simulator = await shutdown.step(
    SimulatorProcess.start({
      script: new URL('./exchange-simulator/main.js', import.meta.url),
      home,
      seed: config.SIMULATOR_SEED,
      speed: config.SIMULATOR_SPEED,
      start: resumed.start,
      onRestart: (reason) => log.warn(reason, 'Simulator'),
      onLost: (reason) => shutdown.fail(reason),
    }),
  );
  shutdown.onEnd('the exchange simulator', () => simulator.stop());
  return simulator;
}

/** Where the data lie, and the setting that says so. */
function dataOf({ DATABASE_URL }: Config, home: string): { where: string; instead: string } {
  if (DATABASE_URL === undefined) return { where: home, instead: 'ALPHAPULSE_HOME' };
  return { where: `the database ${whereIs(DATABASE_URL)}`, instead: 'DATABASE_URL (and ALPHAPULSE_HOME)' };
}

function endpoint(config: Config, simulator: SimulatorProcess | undefined): ExchangeEndpoint {
  if (!simulator) return { restUrl: config.BINANCE_REST_URL, wsUrl: config.BINANCE_WS_URL, speed: 1 };
  const address = `127.0.0.1:${simulator.port}`;
  return { restUrl: `http://${address}`, wsUrl: `ws://${address}`, speed: config.SIMULATOR_SPEED };
}

/** @returns the URL under which it is reached from this machine */
async function listen(app: NestFastifyApplication, { HOST, PORT }: Config): Promise<string> {
  await app.listen(PORT, HOST).catch((error: unknown) => {
    throw unusable(error, HOST, PORT);
  });
  const { port } = app.getHttpServer().address() as { port: number };
  const host = HOST === '0.0.0.0' || HOST === '::' ? '127.0.0.1' : HOST;
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

function describe(
  { config, resolved }: Settings,
  url: string,
  simulator: SimulatorProcess | undefined,
  postgres: EmbeddedPostgres | undefined,
): string {
  return banner({
    version,
    url,
    pid: process.pid,
    home: resolved.home,
    keyFile: join(resolved.home, 'admin.key'),
    simulator: simulator && {
      pid: simulator.pid,
      port: simulator.port,
      speed: config.SIMULATOR_SPEED,
      seed: config.SIMULATOR_SEED,
    },
    database: { pid: postgres?.pid, where: whereIs(resolved.databaseUrl) },
    symbols: typeof config.SYMBOLS === 'number' ? String(config.SYMBOLS) : String(config.SYMBOLS.length),
    timeframes: config.TIMEFRAMES,
  });
}

function complain(message: string): void {
  process.stderr.write(`${scrub(message)}\n`);
}

/** A person is shown what a StartError says; of a bug, its stack: it is ours to mend. */
function told(error: unknown): string {
  if (error instanceof StartError) return `AlphaPulse did not start. ${error.message}`;
  return `AlphaPulse stopped on an unexpected error. ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
}

process.title = 'alphapulse';
process.on('uncaughtException', (error) => shutdown.fail(told(error)));
process.on('unhandledRejection', (error) => shutdown.fail(told(error)));

try {
  await run();
  const { code, reason } = await shutdown.asked;
  if (code === 0) process.stdout.write(`${reason}: stopping\n`);
  else complain(reason);
  await shutdown.end(code);
} catch (error) {
  if (error instanceof Interrupted) {
    if (error.ending.code !== 0) complain(error.ending.reason);
    await shutdown.end(error.ending.code);
  }
  complain(told(error));
  await shutdown.end(1);
}
