import { Injectable, SetMetadata, type CanActivate, type CustomDecorator, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import { Settings } from '../config/settings.js';
import { ApiKeys } from './api-key.service.js';
import { isLoopback } from './origin.js';
import { RequestRefused } from './refusal.js';

const OPEN = 'alphapulse:open';

/** This controller or route needs no key: always, or only while the service can be reached from this machine alone. */
export function Open(where: 'everywhere' | 'on loopback' = 'everywhere'): CustomDecorator {
  return SetMetadata(OPEN, where);
}

/** Every route asks for the API key unless it says `@Open()`. Websockets are judged before their upgrade. */
@Injectable()
export class ApiKeyGuard implements CanActivate {
  readonly #openOnLoopback: boolean;

  constructor(
    private readonly reflector: Reflector,
    private readonly keys: ApiKeys,
    { config }: Settings,
  ) {
    this.#openOnLoopback = config.METRICS_OPEN || isLoopback(config.HOST);
  }

  canActivate(context: ExecutionContext): boolean {
    if (context.getType() !== 'http') return true;
    const open = this.reflector.getAllAndOverride<string | undefined>(OPEN, [context.getHandler(), context.getClass()]);
    if (open === 'everywhere' || (open === 'on loopback' && this.#openOnLoopback)) return true;
    requireKey(this.keys, context.switchToHttp().getRequest<FastifyRequest>());
    return true;
  }
}

/** @throws RequestRefused UNAUTHORIZED for a request that carries no key in force */
export function requireKey(keys: ApiKeys, { headers: { authorization } }: Pick<FastifyRequest, 'headers'>): void {
  if (keys.accepts(authorization)) return;
  const message = authorization === undefined ? 'missing: send "Bearer <key>"' : 'no key that is in force';
  throw new RequestRefused(
    401,
    'UNAUTHORIZED',
    'This needs the API key: Authorization: Bearer <content of admin.key>.',
    [{ field: 'headers.authorization', message }],
  );
}
