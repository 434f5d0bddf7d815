import { Module, type DynamicModule } from '@nestjs/common';
import { ADMISSION_LIMITS, admissionEntry, AdmissionService } from './admission/admission.service.js';
import { FeatureCatalogue } from './feature-catalogue.port.js';
import { ActController } from './lifecycle/act.controller.js';
import { LifecycleJob } from './lifecycle/lifecycle.job.js';
import { TransitionJournal } from './memory/transition-journal.service.js';
import { TransitionRepository } from './memory/transition.repository.js';
import { ModelController } from './model.controller.js';
import { ModelRegistryService } from './model-registry.service.js';

@Module({})
export class ModelRegistryModule {
  /** @param features the feature table that models are checked against: `{ names: FEATURE_NAMES, hashOf: featureHashOf }` */
  static withFeatures(features: FeatureCatalogue): DynamicModule {
    return {
      module: ModelRegistryModule,
      controllers: [ModelController, ActController],
      providers: [
        ModelRegistryService,
        LifecycleJob,
        TransitionRepository,
        TransitionJournal,
        { provide: FeatureCatalogue, useValue: features },
        { provide: AdmissionService, useFactory: () => new AdmissionService(admissionEntry(), ADMISSION_LIMITS) },
      ],
      exports: [ModelRegistryService],
    };
  }
}
