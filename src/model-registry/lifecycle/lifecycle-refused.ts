import type { LifecycleCode, LifecycleRefusal } from './acts.js';

/** An act that is not done, on its way to whoever asked for it. */
export class LifecycleRefused extends Error {
  readonly code: LifecycleCode;

  constructor({ code, message }: LifecycleRefusal) {
    super(message);
    this.code = code;
  }
}
