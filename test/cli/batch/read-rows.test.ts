import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RowReading } from '../../../cli/batch/batch-row.ts';
import { assertRegularFile, type BatchFormat, readRows } from '../../../cli/batch/read-rows.ts';
import { makePerson } from '../../support/person.ts';
import { runCli } from '../run-cli.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'veriqueue-rows-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function read(content: string | Buffer, format: BatchFormat = 'csv'): Promise<RowReading[]> {
  const path = join(folder, 'file');
  await writeFile(path, content);
  const rows: RowReading[] = [];
  for await (const row of readRows({ path, format })) rows.push(row);
  return rows;
}

const { idCard, name } = makePerson();
const row = (line: number, more: object = {}) => ({
  line,
  status: 'read',
  row: { idCard, name, photo: 'a.jpg', priority: 'bulk', ...more },
});
const bad = (line: number, field: string, code: string, reference: string | null = null) => ({
  line,
  status: 'bad',
  reference,
  faults: [expect.objectContaining({ field, code })],
  readable: expect.anything(),
});

describe('rows of a CSV file', () => {
  it('are found whatever the line ends, the order of columns and the byte order mark', async () => {
    const text = `\ufeffphoto,name,idCard\r\na.jpg,${name},${idCard}\n\r\n"a.jpg","${name}",${idCard}`;
    expect(await read(text)).toEqual([row(2), row(4)]);
  });

  it('are left out and counted where no field holds anything', async () => {
    const path = join(folder, 'blank');
    const good = `${idCard},${name},a.jpg,`;
    await writeFile(
      path,
      `,,,\nidCard,name,photo,reference\n,,,\n${good}\n" ",\t,,\u3000\n,,,,,,\n\n${good}\n,,,`,
    );
    const rows: RowReading[] = [];
    let blank = 0;
    for await (const reading of readRows({ path, format: 'csv' }, () => {
      blank += 1;
    }))
      rows.push(reading);
    expect({ rows, blank }).toEqual({ rows: [row(4), row(8)], blank: 6 });
  });

  it('stand where they begin, over quoted line breaks', async () => {
    const text = `idCard,name,photo,reference\n${idCard},${name},a.jpg,"one\ntwo"\n${idCard},${name},a.jpg,\n`;
    expect(await read(text)).toEqual([row(2, { reference: 'one\ntwo' }), row(4)]);
  });

  it('are bad one by one: fields too many, a field missing, a wrong value', async () => {
    const text = [
      'idCard,name,photo,reference,priority',
      `${idCard},${name},a.jpg,r,bulk,more`,
      `${idCard},,a.jpg,r,bulk`,
      `${idCard},${name},a.jpg,r,urgent`,
      `${idCard},${name},a.jpg,r,interactive`,
    ];
    expect(await read(text.join('\n'))).toEqual([
      bad(2, '', 'row_columns'),
      bad(3, 'name', 'required', 'r'),
      bad(4, 'priority', 'invalid_value', 'r'),
      row(5, { reference: 'r', priority: 'interactive' }),
    ]);
  });

  it('never show an ID number or a name by their reference', async () => {
    const head = 'idCard,name,photo,reference,priority';
    const rows = [idCard, `x${idCard}y`, '11010519491231002X', `for ${name}`].map(
      (reference) => `${idCard},${name},a.jpg,${reference},urgent`,
    );
    for (const reading of await read([head, ...rows].join('\n')))
      expect(reading).toMatchObject({ reference: null });
  });
});

describe('rows of an NDJSON file', () => {
  it('are one JSON object on each line', async () => {
    const good = JSON.stringify({ idCard, name, photo: 'a.jpg', reference: 'r' });
    const unknown = JSON.stringify({ idCard, name, photo: 'a.jpg', age: 3 });
    expect(await read(`${good}\n\n{"idCard":\n${unknown}\n${good}`, 'ndjson')).toEqual([
      row(1, { reference: 'r' }),
      bad(3, '', 'row_json'),
      bad(4, 'age', 'unknown_field'),
      row(5, { reference: 'r' }),
    ]);
  });
});

describe('a file that cannot be read', () => {
  it.each([
    ['has no header', `${idCard},${name},a.jpg\n`, /but has others in column 1, 2, 3$/],
    ['names a column twice', 'idCard,name,photo,photo\n', /but has one of them twice$/],
    ['lacks a column', 'idCard,name\n', /must also name photo$/],
    ['is empty', '', /must begin with a header row$/],
    ['has an open quote', `idCard,name,photo\n${idCard},"${name},a.jpg\n`, /CSV_QUOTE_NOT_CLOSED at line 2$/],
    ['has a row without end', `idCard,name,photo\n${'x'.repeat(70_000)}`, /CSV_MAX_RECORD_SIZE at line 2$/],
    ['is not UTF-8', Buffer.from('idCard,name,photo\n\xb2\xe2\xca\xd4,a,b\n', 'latin1'), /must be UTF-8/],
  ])('says so when it %s, and shows no person', async (_, content, message) => {
    const failure = await read(content).then(
      () => '',
      (error: Error) => error.message,
    );
    expect(failure).toMatch(message);
    for (const secret of [idCard, name]) expect(failure).not.toContain(secret);
  });

  it.each([
    [
      'a pipe, which would be waited for',
      'pipe',
      /regular file, but is a pipe\. .*write them to a file first$/,
    ],
    ['a folder', '.', /but is a folder/],
    ['a device', '/dev/null', /but is a device/],
    ['standard input', '-', /but is standard input/],
  ])('is refused by name before it is read when it is %s', async (_what, name, message) => {
    const pipe = join(folder, 'pipe');
    if (name === 'pipe') expect(spawnSync('mkfifo', [pipe]).status).toBe(0);
    const path = name === '-' ? name : resolve(folder, name);
    await expect(assertRegularFile(path)).rejects.toThrow(message);
    const { code, stderr } = await runCli(['batch', path, '--photos', folder, '--check'], {});
    expect([code, stderr]).toEqual([2, expect.stringMatching(/^error: .*must be a regular file/)]);
  });

  it('says so when it is not there', async () => {
    const rows = readRows({ path: join(folder, 'nowhere'), format: 'csv' });
    await expect(rows.next()).rejects.toThrow(/cannot be read: ENOENT$/);
  });
});
