import { BadRequestException, NotFoundException, ServiceUnavailableException } from '@nestjs/common';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { problemOf, spoken } from './problem.js';
import { parse, RequestRefused } from './refusal.js';

const fastify = (statusCode: number, message: string): Error => Object.assign(new Error(message), { statusCode });

test.each([
  [
    'a refusal',
    new RequestRefused(409, 'ALREADY_HALTED', 'Trading is halted.'),
    409,
    'ALREADY_HALTED',
    'Trading is halted.',
  ],
  ['an unknown route', new NotFoundException('Cannot GET /x'), 404, 'NOT_FOUND', 'Cannot GET /x'],
  ['a bad request of Nest', new BadRequestException('no'), 400, 'INVALID_REQUEST', 'no'],
  ['a body that is no JSON', fastify(400, 'Body is not valid JSON'), 400, 'INVALID_REQUEST', 'Body is not valid JSON'],
  ['a body too large', fastify(413, 'Request body is too large'), 413, 'BODY_TOO_LARGE', 'Request body is too large'],
  ['an unusual status', fastify(418, 'teapot'), 418, 'HTTP_418', 'teapot'],
])('%s keeps its words', (_, exception, status, code, detail) => {
  expect(problemOf(exception, '/x', 'i1')).toMatchObject({ status, code, detail, type: 'about:blank', instance: '/x' });
});

test.each([
  ['a bug', new TypeError('cannot read secret of undefined')],
  ['a failed query', new Error('relation "secret" does not exist')],
  ['a server error of Fastify', fastify(500, 'secret')],
  ['a thrown string', 'secret'],
  ['nothing', undefined],
])('%s says nothing but its incident', (_, exception) => {
  const problem = problemOf(exception, '/x', 'i1');
  expect(problem).toMatchObject({ status: 500, code: 'INTERNAL_ERROR' });
  expect(problem.detail).toContain('i1');
  expect(JSON.stringify(problem)).not.toContain('secret');
});

test('a service that is not there says so without its reasons', () => {
  expect(problemOf(new ServiceUnavailableException('secret'), '/x', 'i1').detail).not.toContain('secret');
});

test('every faulty field is named', () => {
  const schema = z.strictObject({ limit: z.coerce.number().max(500), symbol: z.string() });
  const refusal = (() => {
    try {
      return parse(schema, { limit: '501', colour: 'red' }, 'query');
    } catch (error) {
      return error;
    }
  })();
  const { faults } = problemOf(refusal, '/x', 'i1');
  expect(faults?.map(({ field }) => field).sort()).toEqual(['query', 'query.limit', 'query.symbol']);
  expect(JSON.stringify(faults)).toContain('colour');
});

test('a refusal that time heals says when to try again', () => {
  const refusal = new RequestRefused(503, 'QUEUE_FULL', 'Too many rows wait.', [], 12.3);
  expect(problemOf(refusal, '/x', 'i1')).toMatchObject({ status: 503, code: 'QUEUE_FULL', retry_after_ms: 13 });
  expect(problemOf(new RequestRefused(503, 'DEADLINE', 'Late.'), '/x', 'i1')).not.toHaveProperty('retry_after_ms');
});

test('clients of the Open Inference Protocol read one text that begins with the code', () => {
  const fault = { field: 'body.inputs.0.shape', message: 'must be [rows, 82]' };
  const refusal = new RequestRefused(400, 'SHAPE_MISMATCH', 'No.', [fault]);
  const error = 'SHAPE_MISMATCH: No. body.inputs.0.shape: must be [rows, 82]';
  expect(spoken(problemOf(refusal, '/v2/models/gbt/infer', 'i1'))).toEqual({ error });
  const elsewhere = problemOf(refusal, '/v20', 'i1');
  expect(spoken(elsewhere)).toBe(elsewhere);
});
