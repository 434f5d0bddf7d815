import { z } from 'zod';
import { manifestSchema } from '../manifest.js';
import { ImportRefused } from './import-refused.js';
import type { Declared } from './new-manifest.js';

const names = z.array(z.string().min(1)).min(1).max(4096);

/**
 * @param text a manifest.json, whose features, labels, training, reference and weight are taken over, or a JSON list of names
 * @throws ImportRefused where it is neither
 */
export function declaredFeatures(text: string): NonNullable<Declared['features']> {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch (error) {
    throw new ImportRefused('FEATURES_MISMATCH', `--features is no JSON: ${(error as Error).message}`);
  }
  const list = names.safeParse(raw);
  if (list.success) return { features: list.data.map((name) => ({ name, mean: 0, std: 0, importance: 0 })) };
  const manifest = manifestSchema.safeParse(raw);
  if (manifest.success) return manifest.data;
  const issue = manifest.error.issues[0];
  const fault = `${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`.trim();
  throw new ImportRefused('FEATURES_MISMATCH', `--features is neither a JSON list of names nor a manifest: ${fault}`);
}
