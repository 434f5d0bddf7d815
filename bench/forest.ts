import { join } from 'node:path';
import { FEATURE_NAMES } from '../src/batch-inference/features/feature-table.js';
import { TIMEFRAME, walksOf } from './candle-path.js';
import { FeatureRows } from './feature-rows.js';
import { BenchRegistry, type Imported } from './imported.js';
import type { Peer } from './peer.js';

export const FOREST_FEATURES = FEATURE_NAMES.slice(0, 64);
const TRAINING_SYMBOLS = 500;
const TRAINING_CANDLES = 20;

/** A LightGBM classifier of three classes, 64 features, 501 trees of 31 leaves, as our importer and certificate took it. */
export interface Forest extends Imported {
  readonly trees: number;
  /** Version of the library that trained it. */
  readonly lightgbm: string;
}

/**
 * Has a peer train it (bench/peers/forest.py), on other walks than those of a bench, and imports it.
 * @param folder of the bench
 */
export async function growForest(peer: Peer, folder: string): Promise<Forest> {
  const [rows, file] = [join(folder, 'training.f64'), join(folder, 'forest.txt')];
  new FeatureRows(FOREST_FEATURES, walksOf(TRAINING_SYMBOLS, 2)).write(rows, TRAINING_CANDLES);
  const grown = await peer.ask<{ trees: number; lightgbm: string }>('grow', { rows, names: FOREST_FEATURES, file });
  return { ...grown, ...(await new BenchRegistry(folder).import('forest', file, TIMEFRAME)) };
}
