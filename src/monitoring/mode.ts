/** What the numbers are worth, in words: never let a simulated market or paper money pass for the real thing. */
export interface Mode {
  readonly exchange: string;
  readonly market: 'simulated' | 'real';
  readonly trading: 'paper';
  /** Exchange seconds in a wall second. */
  readonly speed: number;
}

export function modeOf(exchange: 'simulator' | 'binance', speed: number): Mode {
  return { exchange, market: exchange === 'simulator' ? 'simulated' : 'real', trading: 'paper', speed };
}
