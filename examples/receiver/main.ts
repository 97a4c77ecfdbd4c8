/** Starts the example: DATABASE_URL, WEBHOOK_SECRET and, if 4000 is taken, PORT. */
import pg from 'pg';
import { databaseFromPool } from './database.ts';
import { createReceiver } from './receiver.ts';
import { schema } from './store-event.ts';

const { DATABASE_URL, WEBHOOK_SECRET, PORT = '4000' } = process.env;
if (DATABASE_URL === undefined || WEBHOOK_SECRET === undefined) {
  process.stderr.write('Set DATABASE_URL and WEBHOOK_SECRET\n');
  process.exit(1);
}

const pool = new pg.Pool({ connectionString: DATABASE_URL });
await pool.query(schema);
const server = createReceiver({
  database: databaseFromPool(pool),
  secret: WEBHOOK_SECRET,
  onError: (error) => process.stderr.write(`${String(error)}\n`),
});
server.listen(Number(PORT), () => process.stdout.write(`Receiving at http://127.0.0.1:${PORT}/\n`));

process.once('SIGTERM', () => server.close(() => void pool.end()));
process.once('SIGINT', () => server.close(() => void pool.end()));
