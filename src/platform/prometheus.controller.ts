import { Controller, Get, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { PrometheusController as Library } from '@willsoto/nestjs-prometheus';
import { Open } from './http/api-key.guard.js';

/** `/metrics`: open while only this machine can reach it. */
@ApiExcludeController()
@Controller()
export class PrometheusController extends Library {
  @Get()
  @Open('on loopback')
  override index(@Res({ passthrough: true }) response: unknown): Promise<string> {
    return super.index(response);
  }
}
