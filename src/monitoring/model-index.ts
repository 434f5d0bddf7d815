import { refOf, type ModelRef } from '../domain/model.js';

/** A version as Triton's extension_model_repository.md lists it. */
export interface IndexEntry extends ModelRef {
  readonly state: 'READY' | 'UNAVAILABLE';
  readonly reason: string;
}

interface Known extends ModelRef {
  readonly state: string;
  readonly refusal: { readonly code: string; readonly message: string } | undefined;
}

/** @param loaded those that answer @param known every version that lies under MODELS_DIR, whatever became of it */
export function modelIndex(known: readonly Known[], loaded: readonly ModelRef[]): IndexEntry[] {
  const answering = new Set(loaded.map(refOf));
  return known.map(({ name, version, state, refusal }) => {
    if (answering.has(refOf({ name, version }))) return { name, version, state: 'READY', reason: '' };
    return { name, version, state: 'UNAVAILABLE', reason: refusal ? `${refusal.code}: ${refusal.message}` : state };
  });
}
