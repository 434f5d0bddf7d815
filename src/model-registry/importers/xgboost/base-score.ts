import { nearestFloat32 } from './decimal-float32.js';
import { ImportRefused } from '../import-refused.js';
import { invalid } from './limits.js';
import { logFloat32 } from './log-float32.js';

/** How a base score, kept as a prediction, becomes a margin: the inverse of the objective's last transform, in float32. */
export type ToMargin = 'as it is' | 'logit' | 'log';

const { fround } = Math;
const NUMBER = /^-?\d{1,40}(?:\.\d{1,200})?(?:[eE][+-]?\d{1,4})?$/;
/** XGBoost keeps a probability this far from 0 and 1. */
const EDGE = fround(1e-6);

/**
 * @param text as the file has it: `5E-1`, or since 3.1 `[5E-1,2E0]`, one number a target or one for all
 * @returns [targets] margins, exact in float32
 */
export function baseMargins(text: string, toMargin: ToMargin, targets: number): number[] {
  const texts = (/^\[(.*)\]$/.exec(text)?.[1] ?? text).split(',').map((each) => each.trim());
  if (texts.length !== 1 && texts.length !== targets)
    throw invalid(`base_score has ${texts.length} numbers for ${targets} targets`);
  const margins = texts.map((each) => marginOf(each, toMargin));
  return targets === margins.length ? margins : new Array<number>(targets).fill(margins[0]);
}

function marginOf(text: string, toMargin: ToMargin): number {
  if (!NUMBER.test(text)) throw invalid(`base_score is no number: ${JSON.stringify(text.slice(0, 40))}`);
  const score = nearestFloat32(Number(text), () => text);
  const margin = toMargin === 'as it is' ? score : toMargin === 'log' ? logFloat32(score) : logit(score);
  if (!Number.isFinite(margin))
    throw new ImportRefused('NOT_EXPRESSIBLE', `the margin of base_score ${text} is ${margin}`);
  return margin;
}

function logit(score: number): number {
  if (score < 0 || score > 1) throw invalid(`base_score ${score} is no probability`);
  const p = Math.min(Math.max(score, EDGE), fround(1 - EDGE));
  return -logFloat32(fround(fround(1 / p) - 1));
}
