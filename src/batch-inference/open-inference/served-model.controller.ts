import { Controller, Get, Param } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { AdHocService } from '../ad-hoc/ad-hoc.service.js';
import { PredictDesk } from '../predict/predict-desk.service.js';
import type { ModelStatistics } from '../predict/inference-statistics.js';
import { modelConfig, modelMetadata } from './metadata.js';

interface Named {
  readonly name: string;
  readonly version?: string;
}

/** What KServe and Triton clients ask about a model before they ask the model. */
@ApiTags('open inference protocol')
@ApiParam({ name: 'name', type: String, example: 'gbt' })
@Controller('v2/models')
export class ServedModelController {
  constructor(
    private readonly adHoc: AdHocService,
    private readonly desk: PredictDesk,
  ) {}

  @Get('stats')
  @ApiOperation({ summary: 'How often every loaded version was asked, and how long each part took' })
  @ApiOkResponse({ description: '{ model_stats: [...] } as Triton’s statistics extension has it' })
  allStatistics(): { model_stats: readonly ModelStatistics[] } {
    return { model_stats: this.adHoc.models().map((model) => this.desk.statisticsOf(model)) };
  }

  @Get([':name', ':name/versions/:version'])
  @ApiOperation({ summary: 'Names, types and shapes of input and output; -1 where the number of rows is free' })
  metadata(@Param() { name, version }: Named): Record<string, unknown> {
    return modelMetadata(this.desk.find(name, version), this.adHoc.versionsOf(name));
  }

  @Get([':name/ready', ':name/versions/:version/ready'])
  @ApiOperation({ summary: '200 where the version answers' })
  ready(@Param() { name, version }: Named): { name: string; ready: true } {
    return { name: this.desk.find(name, version).name, ready: true };
  }

  @Get([':name/config', ':name/versions/:version/config'])
  @ApiOperation({ summary: 'The same in the form of Triton’s model configuration' })
  config(@Param() { name, version }: Named): Record<string, unknown> {
    return modelConfig(this.desk.find(name, version), this.desk.mostRows);
  }

  @Get([':name/stats', ':name/versions/:version/stats'])
  @ApiOperation({
    summary: 'How often the model was asked, and how long each part took; without a version each of them',
  })
  statistics(@Param() { name, version }: Named): { model_stats: readonly ModelStatistics[] } {
    const asked = this.desk.find(name, version);
    const models = version === undefined ? this.adHoc.versionsOf(name) : [asked];
    return { model_stats: models.map((model) => this.desk.statisticsOf(model)) };
  }
}
