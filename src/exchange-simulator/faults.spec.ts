import { expect, it } from 'vitest';
import { parseFaultOrder } from './faults.js';

const NOTHING = { dropConnections: false, malformedFrames: 0, withhold: undefined };

it.each([
  ['{}', NOTHING],
  ['{"drop_connections":true}', { ...NOTHING, dropConnections: true }],
  ['{"malformed_frames":3}', { ...NOTHING, malformedFrames: 3 }],
  ['{"withhold":{"symbol":"ETHUSDT","minutes":2}}', { ...NOTHING, withhold: { symbol: 1, minutes: 2 } }],
  ['{"withhold":{"symbol":"NOPE","minutes":2}}', undefined],
  ['{"malformed_frames":-1}', undefined],
  ['{"explode":true}', undefined],
  ['nonsense', undefined],
])('%s', (text, order) => expect(parseFaultOrder(text)).toEqual(order));
