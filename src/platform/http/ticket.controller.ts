import { Controller, HttpCode, Post } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { TicketService, type IssuedTicket } from './ticket.service.js';

@ApiTags('access')
@ApiBearerAuth()
@Controller('ws-ticket')
export class TicketController {
  constructor(private readonly tickets: TicketService) {}

  @Post()
  @HttpCode(200)
  @ApiOperation({ summary: 'A ticket that opens one websocket within 30 s: /ws?ticket=…' })
  @ApiOkResponse({
    schema: {
      properties: { ticket: { type: 'string' }, expires_at: { type: 'string', format: 'date-time' } },
      required: ['ticket', 'expires_at'],
    },
  })
  issue(): IssuedTicket {
    return this.tickets.issue();
  }
}
