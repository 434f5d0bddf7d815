import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Orders, their fills, and what the fills add up to. Fills are the truth: positions are their fold, kept as rows for
 * readers. Keys make duplicates impossible: one entry a signal, one open position and one entry on its way a symbol.
 */
export class Trading1764028800004 implements MigrationInterface {
  readonly name = 'Trading1764028800004';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      create table orders (
        id          text primary key check (length(id) <= 36),
        signal_id   text references signals (id),
        symbol      text not null,
        side        text not null check (side in ('buy', 'sell')),
        purpose     text not null check (purpose in ('entry', 'stop_loss', 'take_profit', 'manual_close')),
        position_id text not null,
        quantity    numeric(38, 8) not null check (quantity > 0),
        stop_loss   numeric(38, 8) check (stop_loss > 0),
        take_profit numeric(38, 8) check (take_profit > 0),
        state       text not null check (state in
          ('intended', 'submitted', 'accepted', 'partially_filled', 'filled', 'cancelled', 'rejected')),
        filled      numeric(38, 8) not null check (filled between 0 and quantity),
        created_at  timestamptz not null,
        reason      text,
        saved_at    timestamptz not null default clock_timestamp(),
        check ((state = 'filled') = (filled = quantity)),
        check ((purpose = 'entry') = (signal_id is not null)),
        check ((purpose = 'entry') = (position_id = id)),
        foreign key (position_id) references orders (id)
      )`);
    await queryRunner.query(`create unique index orders_entry_of_signal on orders (signal_id) where purpose = 'entry'`);
    await queryRunner.query(`
      create unique index orders_entry_on_its_way on orders (symbol)
        where purpose = 'entry' and state in ('intended', 'submitted', 'accepted', 'partially_filled')`);
    // What start and the trading loop ask for: few rows, whatever the history.
    await queryRunner.query(`
      create index orders_working on orders (symbol)
        where state in ('intended', 'submitted', 'accepted', 'partially_filled')`);
    await queryRunner.query(`create index orders_newest on orders (created_at desc, id desc)`);
    await queryRunner.query(`create index orders_of_position on orders (position_id)`);

    await queryRunner.query(`
      create table fills (
        id        text primary key,
        order_id  text not null references orders (id),
        symbol    text not null,
        side      text not null check (side in ('buy', 'sell')),
        price     numeric(38, 8) not null check (price > 0),
        quantity  numeric(38, 8) not null check (quantity > 0),
        fee       numeric(38, 8) not null,
        filled_at timestamptz not null,
        -- The order in which they were booked: the order in which they fold.
        seq       bigint generated always as identity unique
      )`);
    await queryRunner.query(`create index fills_newest on fills (filled_at desc, id desc)`);
    await queryRunner.query(`create index fills_of_order on fills (order_id)`);

    await queryRunner.query(`
      create table positions (
        id          text primary key references orders (id),
        symbol      text not null,
        direction   text not null check (direction in ('long', 'short')),
        quantity    numeric(38, 8) not null check (quantity >= 0),
        entry_price numeric(38, 8) not null check (entry_price > 0),
        cost        numeric(38, 8) not null check (cost >= 0),
        stop_loss   numeric(38, 8),
        take_profit numeric(38, 8),
        realised    numeric(38, 8) not null,
        fees        numeric(38, 8) not null,
        opened_at   timestamptz not null,
        closed_at   timestamptz,
        closed_by   text check (closed_by in ('stop_loss', 'take_profit', 'manual_close')),
        check ((closed_at is null) = (quantity > 0)),
        check ((closed_at is null) = (closed_by is null))
      )`);
    await queryRunner.query(`create unique index positions_open on positions (symbol) where closed_at is null`);
    await queryRunner.query(`create index positions_newest on positions (opened_at desc, id desc)`);

    // Money put in. Configuration is read once: a later PAPER_BALANCE does not rewrite history.
    await queryRunner.query(`
      create table deposits (
        id          text primary key,
        amount      numeric(38, 8) not null check (amount > 0),
        recorded_at timestamptz not null default clock_timestamp()
      )`);
    // One row: what a restart must not forget. Only a person clears the halt.
    await queryRunner.query(`
      create table trading_state (
        singleton   boolean primary key default true check (singleton),
        halt_code   text check (halt_code in ('PERSON', 'DAILY_LOSS')),
        halt_reason text,
        halted_at   timestamptz,
        day         timestamptz,
        day_equity  numeric(38, 8),
        check ((halt_code is null) = (halted_at is null)),
        check ((day is null) = (day_equity is null))
      )`);
    await queryRunner.query(`insert into trading_state default values`);
    await queryRunner.query(`
      create table equity (
        at         timestamptz primary key,
        equity     numeric(38, 8) not null,
        cash       numeric(38, 8) not null,
        unrealised numeric(38, 8) not null,
        -- Highest equity so far, this row included, and how far below it this one is: a share of it.
        peak       numeric(38, 8) not null check (peak >= equity),
        drawdown   numeric(38, 8) not null check (drawdown >= 0)
      )`);
    // No foreign key: a refused signal is saved by the strategy beside the path, maybe after this row.
    await queryRunner.query(`
      create table signal_refusals (
        signal_id  text primary key,
        symbol     text not null,
        code       text not null,
        detail     jsonb not null,
        refused_at timestamptz not null
      )`);
  }

  down(): Promise<void> {
    throw new Error('forward only');
  }
}
