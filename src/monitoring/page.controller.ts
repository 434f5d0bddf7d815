import { Controller, Get, Header } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { Settings } from '../platform/config/settings.js';
import { Open } from '../platform/http/api-key.guard.js';
import { modeOf } from './mode.js';
import { CONTENT_SECURITY_POLICY, statusPage } from './status-page.js';

/** `/`: a small status page until the dashboard comes. It holds no data; what it shows it asks for with the key. */
@ApiExcludeController()
@Open()
@Controller()
export class PageController {
  readonly #page: string;

  constructor({ config, resolved, exchange }: Settings) {
    const { version, startedAt } = resolved;
    this.#page = statusPage({ mode: modeOf(config.EXCHANGE, exchange.speed), version, startedAt });
  }

  @Get()
  @Header('content-type', 'text/html; charset=utf-8')
  @Header('content-security-policy', CONTENT_SECURITY_POLICY)
  @Header('cache-control', 'no-cache')
  page(): string {
    return this.#page;
  }
}
