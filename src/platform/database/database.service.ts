import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

/** What a repository needs of a connection: plain SQL with $1 parameters, rows back. */
export interface Queryable {
  query<Row>(sql: string, parameters?: readonly unknown[]): Promise<Row[]>;
}

/** The one door to Postgres. Repositories write their own SQL; nothing here knows a table. */
@Injectable()
export class Database implements Queryable {
  constructor(private readonly dataSource: DataSource) {}

  query<Row>(sql: string, parameters: readonly unknown[] = []): Promise<Row[]> {
    return this.dataSource.query(sql, [...parameters]);
  }

  /** Runs `work` in one transaction: committed when it resolves, rolled back when it throws. */
  transaction<T>(work: (transaction: Queryable) => Promise<T>): Promise<T> {
    return this.dataSource.transaction((manager) =>
      work({ query: (sql, parameters = []) => manager.query(sql, [...parameters]) }),
    );
  }
}
