import { Module } from '@nestjs/common';
import { availableParallelism } from 'node:os';
import { Settings } from '../platform/config/settings.js';
import { RetentionJob } from '../platform/retention.job.js';
import { AdHocService } from './ad-hoc/ad-hoc.service.js';
import { BatchInferenceService } from './batch-inference.service.js';
import { DriftController } from './drift/drift.controller.js';
import { workerCount } from '../engines/provider.js';
import { LatencyController } from './runs/latency.controller.js';
import { InferController } from './open-inference/infer.controller.js';
import { ProtocolController } from './open-inference/protocol.controller.js';
import { ServedModelController } from './open-inference/served-model.controller.js';
import { EnsembleDesk } from './predict/ensemble-desk.service.js';
import { PredictDesk } from './predict/predict-desk.service.js';
import { PredictController } from './predict/predict.controller.js';
import { RunController } from './runs/run.controller.js';
import { RunRepository } from './runs/run.repository.js';
import { WorkerPool } from './pool/worker-pool.service.js';

function poolFor({ config }: Settings): WorkerPool {
  const { ONNX_ENABLED, INFERENCE_WORKERS, INFERENCE_TIMEOUT } = config;
  return new WorkerPool({
    workers: ONNX_ENABLED ? workerCount(INFERENCE_WORKERS, availableParallelism()) : 0,
    timeoutMs: INFERENCE_TIMEOUT * 1000,
  });
}

@Module({
  controllers: [
    RunController,
    LatencyController,
    DriftController,
    PredictController,
    ProtocolController,
    ServedModelController,
    InferController,
  ],
  providers: [
    { provide: WorkerPool, useFactory: poolFor, inject: [Settings] },
    RunRepository,
    BatchInferenceService,
    AdHocService,
    PredictDesk,
    EnsembleDesk,
  ],
  exports: [BatchInferenceService, AdHocService],
})
export class BatchInferenceModule {
  constructor(retention: RetentionJob, runs: RunRepository) {
    retention.prune('runs, with their predictions', (before, limit) => runs.deleteBefore(before, limit));
  }
}
