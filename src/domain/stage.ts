/** The moments of a run, in order, each stamped where it happens (wall clock, epoch ms, fractional). */
export const MOMENTS = [
  'exchangeClosed',
  'received',
  'started', // batch start
  'featured', // feature tensors ready
  'inferring', // a worker begins this model's batch
  'inferred', // its output is back
  'decided',
  'saved',
  'published',
] as const;
export type Moment = (typeof MOMENTS)[number];

/** The stages between the moments: what `/latency`, the runs table and the histograms show. */
export const STAGES = ['feed', 'wait', 'features', 'queue', 'inference', 'decide', 'save', 'publish'] as const;
export type Stage = (typeof STAGES)[number] | 'total';

export type Moments = Partial<Record<Moment, number>>;

/** @returns duration of each stage in ms; a stage whose moments were not both stamped is absent, never derived */
export function stageDurations(moments: Moments): Partial<Record<Stage, number>> {
  const durations: Partial<Record<Stage, number>> = {};
  STAGES.forEach((stage, i) => {
    const from = moments[MOMENTS[i]!];
    const to = moments[MOMENTS[i + 1]!];
    if (from !== undefined && to !== undefined) durations[stage] = to - from;
  });
  if (moments.exchangeClosed !== undefined && moments.published !== undefined) {
    durations.total = moments.published - moments.exchangeClosed;
  }
  return durations;
}
