import type { NestApplicationOptions } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Settings } from '../config/settings.js';
import { requireKey } from './api-key.guard.js';
import { ApiKeys } from './api-key.service.js';
import { ProblemFilter } from './problem.filter.js';
import { handOverRawBodies } from './raw-body.service.js';
import { AuthenticatedWsAdapter } from './websocket.guard.js';

const LARGEST_BODY = 256 * 1024;

type Root = Parameters<typeof NestFactory.create>[0];

/** Builds the application with everything that belongs to HTTP; it does not listen yet. */
export async function createServer(root: Root, options: NestApplicationOptions): Promise<NestFastifyApplication> {
  const problems = new ProblemFilter();
  const adapter = new FastifyAdapter({
    bodyLimit: LARGEST_BODY,
    forceCloseConnections: true,
    frameworkErrors: (error: Error, request: FastifyRequest, reply: FastifyReply) =>
      problems.answer(error, request, reply),
  });
  const app = await NestFactory.create<NestFastifyApplication>(root, adapter, { ...options, abortOnError: false });
  const settings = app.get(Settings);
  app.setGlobalPrefix('api/v1', { exclude: ['/', 'health/{*path}', 'metrics', 'assets/{*path}', 'v2', 'v2/{*path}'] });
  app.useGlobalFilters(problems);
  app.useWebSocketAdapter(new AuthenticatedWsAdapter(app));
  const keys = app.get(ApiKeys);
  handOverRawBodies(adapter.getInstance(), (request) => requireKey(keys, request));
  adapter.getInstance().addHook('onSend', async (_request: unknown, reply: FastifyReply) => {
    void reply.header('x-content-type-options', 'nosniff').header('referrer-policy', 'no-referrer');
  });
  if (settings.config.CORS_ORIGINS.length > 0) app.enableCors({ origin: [...settings.config.CORS_ORIGINS] });
  document(app, settings);
  return app;
}

function document(app: NestFastifyApplication, { resolved }: Settings): void {
  const outline = new DocumentBuilder()
    .setTitle('AlphaPulse')
    .setDescription(
      'Closed candles to features, features to predictions, predictions to signals, signals to paper orders.',
    )
    .setVersion(resolved.version)
    .addBearerAuth({ type: 'http', scheme: 'bearer', bearerFormat: 'API key', description: 'The content of admin.key' })
    .addSecurityRequirements('bearer')
    .build();
  SwaggerModule.setup('docs', app, () => SwaggerModule.createDocument(app, outline));
}
