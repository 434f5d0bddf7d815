/**
 * Why a series got no prediction in a run. Failure abstains: no path turns one into a 0, a 0.5 or an old prediction.
 * Codes are stable: users alert on them.
 */
export const ABSTENTIONS = [
  'CANDLE_MISSING', // the exchange sent none before the grace period ended
  'CANDLE_LATE', // it came after the run had started
  'GAP', // an earlier candle of the series is missing and not yet refetched
  'WARMING_UP', // fewer candles than the features need
  'NOT_FINITE', // a feature is NaN or infinite
  'BAD_ANSWER', // the model answered NaN or infinity, or probabilities that do not add up to 1
  'DEADLINE', // inference did not answer within INFERENCE_TIMEOUT
  'ENGINE_FAILED', // the engine threw
  'OUT_OF_DISTRIBUTION', // a row unlike anything that training saw
  'MEMBER_FAILED', // a member of the ensemble did not answer, and its policy is to abstain
  'NO_MEMBER', // the gate of an ensemble put the row in a regime that no member answers for
  'NO_MODEL', // no active model serves this timeframe, or ONNX_ENABLED=false
] as const;
export type Abstention = (typeof ABSTENTIONS)[number];
