import type { Brand } from './brand.js';

/** Quote per base, in units of 1e-8. */
export type Price = Brand<bigint, 'Price'>;
/** Base amount, in units of 1e-8. */
export type Quantity = Brand<bigint, 'Quantity'>;
/** Quote amount (USDT), in units of 1e-8. */
export type Money = Brand<bigint, 'Money'>;
