import { Module, type DynamicModule } from '@nestjs/common';
import { admissionEntry, AdmissionService } from './admission.service.js';
import { FeatureCatalogue } from './feature-catalogue.port.js';
import { ModelController } from './model.controller.js';
import { ModelRegistryService } from './model-registry.service.js';

/** Wall time one candidate may take in admission; the largest allowed file loads in a tenth of it. */
const ADMISSION_LIMIT_MS = 15_000;

@Module({})
export class ModelRegistryModule {
  /** @param features the feature table that models are checked against: `{ names: FEATURE_NAMES, hashOf: featureHashOf }` */
  static withFeatures(features: FeatureCatalogue): DynamicModule {
    return {
      module: ModelRegistryModule,
      controllers: [ModelController],
      providers: [
        ModelRegistryService,
        { provide: FeatureCatalogue, useValue: features },
        { provide: AdmissionService, useFactory: () => new AdmissionService(admissionEntry(), ADMISSION_LIMIT_MS) },
      ],
      exports: [ModelRegistryService],
    };
  }
}
