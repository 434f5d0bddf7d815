import { z } from 'zod';
import { parsePair, type Pair } from '../../domain/pair.js';
import { isTimeframe, TIMEFRAMES, type Timeframe } from '../../domain/timeframe.js';

const flag = z
  .string()
  .toLowerCase()
  .pipe(z.enum(['true', 'false', '1', '0', 'yes', 'no', 'on', 'off'], 'true or false'))
  .transform((text) => ['true', '1', 'yes', 'on'].includes(text));
const integer = (min: number, max: number) => z.coerce.number().int().min(min).max(max);
const number = (min: number, max: number) => z.coerce.number().min(min).max(max);
const list = (text: string) =>
  text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item.length > 0);

const timeframes = z.string().transform((text, context): readonly Timeframe[] => {
  const found = list(text);
  for (const item of found.filter((item) => !isTimeframe(item))) {
    context.addIssue({ code: 'custom', message: `unknown timeframe "${item}"; allowed: ${TIMEFRAMES.join(' ')}` });
  }
  if (found.length === 0) context.addIssue({ code: 'custom', message: `at least one of ${TIMEFRAMES.join(' ')}` });
  return TIMEFRAMES.filter((timeframe) => found.includes(timeframe));
});

/** A whole number takes that many of the exchange's default list; anything else is a list of pairs. */
const symbols = z.string().transform((text, context): number | readonly Pair[] => {
  if (/^\s*\d+\s*$/.test(text)) {
    const count = Number(text);
    if (count < 1 || count > 1000) context.addIssue({ code: 'custom', message: 'a count lies between 1 and 1000' });
    return count;
  }
  const pairs = list(text).map((item) => ({ item, pair: parsePair(item) }));
  for (const { item } of pairs.filter(({ pair }) => !pair)) {
    context.addIssue({ code: 'custom', message: `"${item}" is no pair; write BTC/USDT` });
  }
  if (pairs.length === 0) context.addIssue({ code: 'custom', message: 'a count (50) or pairs (BTC/USDT,ETH/USDT)' });
  return [...new Set(pairs.flatMap(({ pair }) => (pair ? [pair] : [])))];
});

/**
 * Every key the service reads from its environment, once: type, limits, default. What is absent here does not exist.
 * Secrets are marked in `SECRET_KEYS` and never printed.
 */
export const schema = z.object({
  // where it runs
  HOST: z.string().min(1).default('127.0.0.1'),
  PORT: integer(0, 65_535).default(3000),
  DATABASE_URL: z
    .url({ protocol: /^postgres(ql)?$/, error: 'a URL like postgres://user:password@host:5432/alphapulse' })
    .optional(),
  ALPHAPULSE_HOME: z.string().min(1).default('.alphapulse'),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
  CORS_ORIGINS: z.string().default('').transform(list),
  METRICS_OPEN: flag.default(false),
  RETENTION_DAYS: number(1, 3650).default(30),

  // market
  EXCHANGE: z.enum(['simulator', 'binance']).default('simulator'),
  BINANCE_REST_URL: z.url({ protocol: /^https?$/ }).default('https://api.binance.com'),
  BINANCE_WS_URL: z.url({ protocol: /^wss?$/ }).default('wss://stream.binance.com:9443'),
  SIMULATOR_SPEED: number(1, 3600).default(60),
  SIMULATOR_SEED: integer(0, 2_147_483_647).default(42),
  SYMBOLS: symbols.default(50),
  TIMEFRAMES: timeframes.default(['1m', '5m', '15m', '1h']),
  INTERVAL_GRACE_MS: integer(0, 60_000).default(750),
  FEED_STALE_MS: integer(1_000, 3_600_000).default(180_000),

  // inference
  ONNX_ENABLED: flag.default(true),
  MODELS_DIR: z.string().min(1).default('models'),
  ALLOW_UNCERTIFIED: flag.default(false),
  EXECUTION_PROVIDER: z.enum(['auto', 'cpu', 'cuda', 'tensorrt', 'webgpu']).default('auto'),
  MIXED_PRECISION_ENABLED: flag.default(false),
  BATCH_SIZE: integer(1, 100_000).default(100),
  MODEL_CACHE_SIZE: integer(1, 1000).default(10),
  ROLLBACK_WINDOW_MINUTES: number(0, 43_200).default(60),
  INFERENCE_TIMEOUT: number(0.001, 60).default(0.1),
  INFERENCE_WORKERS: integer(0, 64).default(0),
  AD_HOC_QUEUE_ROWS: integer(1, 1_000_000).default(10_000),
  OOD_GATE: flag.default(true),

  // strategy
  MIN_CONFIDENCE: number(0, 1).default(0.48),
  MIN_EDGE: number(0, 1).default(0.05),
  MIN_AGREEMENT: integer(1, 6).default(1),
  COOLDOWN_CANDLES: integer(0, 1000).default(3),
  STOP_LOSS_ATR: number(0.1, 20).default(1.5),
  TAKE_PROFIT_ATR: number(0.1, 50).default(2),

  // trading
  UPDATE_INTERVAL: number(0.1, 3600).default(30),
  PAPER_BALANCE: number(1, 1e9).default(100_000),
  RISK_PER_TRADE: number(0.0001, 0.1).default(0.01),
  MAX_OPEN_POSITIONS: integer(1, 1000).default(10),
  MAX_POSITION_SHARE: number(0.001, 1).default(0.2),
  MAX_DAILY_LOSS: number(0.001, 1).default(0.05),
  ALLOW_SHORT: flag.default(true),
  FEE_RATE: number(0, 0.05).default(0.001),
  SLIPPAGE_BPS: number(0, 500).default(2),

  // alerts
  ALERT_WEBHOOK_URL: z.url({ protocol: /^https?$/, error: 'a URL like https://hooks.example/alphapulse' }).optional(),
  ALERT_LATENCY_MS: number(1, 3_600_000).default(1000),
  ALERT_CRITICAL_MS: number(1, 3_600_000).default(5000),
  ALERT_FEED_MS: number(1, 3_600_000).default(200),
  ALERT_FEATURES_MS: number(1, 3_600_000).default(100),
  /** Absent: half of INFERENCE_TIMEOUT, which no answer outlives. */
  ALERT_INFERENCE_MS: number(1, 3_600_000).optional(),
  ALERT_DECIDE_MS: number(1, 3_600_000).default(50),
  ALERT_SAVE_MS: number(1, 3_600_000).default(500),
  ALERT_DEADLINE_RATE: number(0, 1).default(0.05),
  ALERT_ABSTENTION_RATE: number(0, 1).default(0.2),
  ALERT_BAD_ANSWER_ROWS: integer(0, 1_000_000).default(0),
  ALERT_QUEUE_DEPTH: integer(0, 1_000_000).default(32),
  ALERT_DRIFT_PSI: number(0, 100).default(0.25),
  ALERT_FLIP_RATE: number(0, 1).default(0.1),
});

export type Config = Readonly<z.output<typeof schema>>;
export type ConfigKey = keyof Config;

export const SECRET_KEYS: readonly ConfigKey[] = ['DATABASE_URL', 'ALERT_WEBHOOK_URL'];

/** Of these nothing but the host is printed: their path is the secret. */
export const SECRET_PATH_KEYS: readonly ConfigKey[] = ['ALERT_WEBHOOK_URL'];
