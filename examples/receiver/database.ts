/** The little this example asks of PostgreSQL. A pool of `pg` fits through `databaseFromPool`; PGlite fits as it is. */

export interface Queryable {
  query(sql: string, parameters?: unknown[]): Promise<{ rows: unknown[] }>;
}

export interface Database {
  /** Commits when `work` resolves, rolls back and rejects when it rejects. */
  transaction<Result>(work: (transaction: Queryable) => Promise<Result>): Promise<Result>;
}

/** What is used of `pg`'s Pool. */
export interface Pool {
  connect(): Promise<Queryable & { release(error?: Error | boolean): void }>;
}

export function databaseFromPool(pool: Pool): Database {
  return {
    async transaction(work) {
      const connection = await pool.connect();
      try {
        await connection.query('BEGIN');
        const result = await work(connection);
        await connection.query('COMMIT');
        connection.release();
        return result;
      } catch (error) {
        // A connection whose transaction failed is closed, not reused: the server rolls back when it goes.
        connection.release(true);
        throw error;
      }
    },
  };
}
