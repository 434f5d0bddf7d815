import { Logger } from '@nestjs/common';
import { isEnsemble, modelsIn, type ActiveEnsemble, type Activation } from '../domain/ensemble.js';
import { refOf, type ActiveModel } from '../domain/model.js';
import { specOf, type ModelSpec } from '../engines/model-spec.js';
import { gateOf, type Gate } from './drift/gate.js';
import { FEATURE_NAMES } from './features/feature-table.js';
import type { WorkerPool } from './pool/worker-pool.service.js';

export interface Served {
  readonly model: ActiveModel;
  /** By which the workers know it: another file or variant is another model to them. */
  readonly key: string;
  readonly spec: ModelSpec;
  /** Where its features stand in the feature table; of a model without timeframes that reads others: empty. */
  readonly columns: Int32Array;
  /** Absent: no row is held back. */
  readonly gate: Gate | undefined;
}

interface Wanted {
  readonly models: readonly Served[];
  readonly ensembles: readonly ActiveEnsemble[];
}

interface Around {
  /** ONNX_ENABLED=false serves nothing. */
  readonly enabled: boolean;
  /** OOD_GATE: rows unlike the training are held back. */
  readonly gated: boolean;
  /** Resolves when the run in flight, if any, has ended. */
  rest(): Promise<void>;
  /** What is served has changed. */
  swapped(served: readonly Served[]): void;
}

/**
 * What is served, and how that changes: loaded and warmed in every worker first, swapped then, dropped last. A swap of
 * models that are all loaded already loads nothing and waits for nothing: a rollback.
 */
export class Serving {
  readonly #log = new Logger('BatchInference');
  #served: readonly Served[] = [];
  #ensembles: readonly ActiveEnsemble[] = [];
  #warming: readonly ActiveModel[] = [];
  #refused: ReadonlyMap<string, string> = new Map();
  /** `name@version` of all that was ever asked for. */
  readonly #asked = new Set<string>();
  /** Adoptions that load, one after another; how many have not swapped yet. */
  #turn: Promise<void> = Promise.resolve();
  #loading = 0;

  constructor(
    private readonly pool: WorkerPool,
    private readonly around: Around,
  ) {}

  get served(): readonly Served[] {
    return this.#served;
  }

  /** Those that are made of what is served. */
  get ensembles(): readonly ActiveEnsemble[] {
    return this.#ensembles;
  }

  /** `name@version` of the models that an engine refused at the last adoption, each with the reason. */
  get refused(): ReadonlyMap<string, string> {
    return this.#refused;
  }

  /** @returns why a version that was asked for is not loaded, undefined when none such was ever asked for */
  absence(name: string, version?: string): string | undefined {
    const asked = (ref: string) => (version === undefined ? ref.startsWith(`${name}@`) : ref === `${name}@${version}`);
    const refused = [...this.#refused].find(([ref]) => asked(ref));
    if (refused) return `${refused[0]} is not served: ${refused[1]}`;
    const warming = this.#warming.map(refOf).find(asked);
    if (warming !== undefined) return `${warming} is being warmed`;
    const ensemble = this.#ensembles.map(refOf).find(asked);
    if (ensemble !== undefined)
      return `${ensemble} is an ensemble: ask it at /api/v1/predict, by timeframe and symbols`;
    const left = [...this.#asked].find(asked);
    return left && `${left} is no longer in memory`;
  }

  /**
   * @returns when they are served
   * @throws when a feature is not in the table (the registry refuses such a model) or no worker can start
   */
  adopt(activations: readonly Activation[]): Promise<void> {
    activations.forEach((one) => this.#asked.add(refOf(one)));
    if (this.#loading === 0) {
      const wanted = this.#wanted(activations);
      if (this.pool.wants(wanted.models.map(({ spec }) => spec))) {
        this.#swap(wanted, new Map());
        return Promise.resolve();
      }
    }
    this.#loading += 1;
    const swapped = this.#turn
      .then(() => this.#load(activations))
      .finally(() => {
        this.#loading -= 1;
      });
    this.#turn = swapped.catch(() => undefined);
    return swapped;
  }

  async #load(activations: readonly Activation[]): Promise<void> {
    const { models, ensembles } = this.#wanted(activations);
    this.#warming = models.map(({ model }) => model);
    try {
      const specs = models.map(({ spec }) => spec);
      const leaving = this.#served.map(({ spec }) => spec).filter(({ key }) => !specs.some((spec) => spec.key === key));
      const refused = await this.pool.hold([...specs, ...leaving]);
      const reasons = models.flatMap(({ model, key }) => (refused.has(key) ? [[refOf(model), refused.get(key)!]] : []));
      this.#swap(
        { models: models.filter(({ key }) => !refused.has(key)), ensembles },
        new Map(reasons as [string, string][]),
      );
    } finally {
      this.#warming = [];
    }
  }

  #swap({ models: served, ensembles }: Wanted, refused: ReadonlyMap<string, string>): void {
    const leaving = this.#served.some(({ key }) => !served.some((one) => one.key === key));
    this.#served = served;
    this.#ensembles = ensembles;
    this.#refused = refused;
    refused.forEach((reason, ref) => this.#log.error(`${ref} is not served: ${reason}`));
    this.around.swapped(served);
    if (leaving) this.#turn = this.#turn.then(() => this.#drop()).catch((error) => this.#log.error(String(error)));
  }

  /** The run in flight still needs what left; what is wanted is judged once it has ended. */
  async #drop(): Promise<void> {
    await this.around.rest();
    await this.pool.hold(this.#served.map(({ spec }) => spec));
  }

  #wanted(activations: readonly Activation[]): Wanted {
    const { enabled, gated } = this.around;
    if (!enabled) return { models: [], ensembles: [] };
    const models = modelsIn(activations).map((model) => {
      const spec = specOf(model);
      const known = this.#served.find(({ key }) => key === spec.key);
      const gate = gated ? gateOf(model) : undefined;
      return { model, key: spec.key, spec, columns: known?.columns ?? columnsOf(model), gate };
    });
    return { models, ensembles: activations.filter(isEnsemble) };
  }
}

/** @throws when a model of the trading path reads a feature that is not in the table */
function columnsOf(model: ActiveModel): Int32Array {
  const columns = Int32Array.from(model.features, ({ name }) => FEATURE_NAMES.indexOf(name));
  const unknown = model.features[columns.indexOf(-1)];
  if (!unknown) return columns;
  if (model.timeframes.length === 0) return new Int32Array(0);
  throw new Error(`${refOf(model)} reads an unknown feature ${unknown.name}`);
}
