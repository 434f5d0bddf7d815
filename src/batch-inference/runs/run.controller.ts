import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiNotFoundResponse, ApiOkResponse, ApiOperation, ApiParam, ApiQuery, ApiTags } from '@nestjs/swagger';
import { TIMEFRAMES } from '../../domain/timeframe.js';
import { parse, RequestRefused } from '../../platform/http/refusal.js';
import { cursorOf, predictionDtos, readCursor, runDto, RunPath, RunQuery } from './run.dto.js';
import { RunRepository } from './run.repository.js';

@ApiTags('runs')
@Controller('runs')
export class RunController {
  constructor(private readonly runs: RunRepository) {}

  @Get()
  @ApiOperation({ summary: 'Inference runs, newest interval first: rows, abstentions by reason, time of every stage' })
  @ApiQuery({ name: 'timeframe', required: false, enum: TIMEFRAMES })
  @ApiQuery({ name: 'model', required: false, type: String, description: 'name or name@version' })
  @ApiQuery({ name: 'from', required: false, type: String, description: 'first open time of the interval, ISO 8601' })
  @ApiQuery({ name: 'to', required: false, type: String, description: 'last open time of the interval, ISO 8601' })
  @ApiQuery({ name: 'limit', required: false, type: Number, description: '1..500, default 100' })
  @ApiQuery({ name: 'cursor', required: false, type: String, description: 'the "next" of the page before' })
  @ApiOkResponse({ description: '{ data: [run], next: cursor or null }' })
  list(@Query() query: unknown): Promise<unknown> {
    return this.#page(query);
  }

  @Get(':id')
  @ApiOperation({ summary: 'One run with its predictions by symbol; of an ensemble, beside what each member said' })
  @ApiParam({ name: 'id', type: String, description: '<model>@<version>/<timeframe>/<open time in ms>, url-encoded' })
  @ApiOkResponse({
    description:
      '{ ...run, predictions: [{ symbol, short, flat, long } or { symbol, abstained }] }; a version that answers something ' +
      'else: { symbol, outputs }; of an ensemble each with members: [{ run_id, ...the same }]',
  })
  @ApiNotFoundResponse({ description: 'No run of that id is on record' })
  find(@Param() path: unknown): Promise<unknown> {
    return this.#one(path);
  }

  async #page(query: unknown): Promise<unknown> {
    const { model, cursor, limit, ...rest } = parse(RunQuery, query, 'query');
    const after = cursor === undefined ? undefined : readCursor(cursor);
    const rows = await this.runs.list({ ...rest, ...model, after, limit: limit + 1 });
    const page = rows.slice(0, limit);
    return { data: page.map(runDto), next: rows.length > limit ? cursorOf(page.at(-1)!) : null };
  }

  async #one(path: unknown): Promise<unknown> {
    const { id } = parse(RunPath, path, 'path');
    const row = await this.runs.find(id);
    if (!row) throw new RequestRefused(404, 'RUN_NOT_FOUND', `No run ${id}.`);
    const members = row.made_of?.members.map(({ run_id }) => run_id) ?? [];
    const onRecord = await this.runs.predictionsOf([id, ...members]);
    const predictions = onRecord.get(id);
    const said = members.flatMap((member) => onRecord.get(member) ?? []);
    return { ...runDto(row), predictions: predictions ? predictionDtos(predictions, said) : [] };
  }
}
