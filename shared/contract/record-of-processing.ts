import { z } from 'zod';

const recordLanguage = z.enum(['en', 'zh']);
export type RecordLanguage = z.infer<typeof recordLanguage>;

/** What is kept where, how long and why, in one language. */
export const recordOfProcessing = z.strictObject({
  title: z.string(),
  about: z.string().describe('the lane, and when this was written'),
  columns: z.array(z.string()),
  rows: z.array(z.array(z.string())).describe('a cell for each column'),
  notes: z.array(z.string()),
});
export type RecordOfProcessing = z.infer<typeof recordOfProcessing>;

/** `GET /console/api/record-of-processing`. */
export const recordQuery = z.strictObject({ language: recordLanguage.default('en') });

export const consoleRecordOfProcessing = z.strictObject({
  record: recordOfProcessing.nullable().describe('null: no worker has said with which settings it runs'),
  saidAt: z.iso.datetime().nullable().describe('when a worker last said so'),
});
export type ConsoleRecordOfProcessing = z.infer<typeof consoleRecordOfProcessing>;
