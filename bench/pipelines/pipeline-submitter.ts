import { serveSubmissions } from '../chain/submitter-process.ts';
import { makeJpeg, makePerson } from '../made-up-person.ts';
import { INTAKES, type PipelineKind } from './pipeline.ts';
import type { PipelineOptions } from './pipeline-options.ts';

export interface PipelineSubmitterOrders extends PipelineOptions {
  readonly kind: PipelineKind;
  readonly photoBytes: number;
}

/* Submits to a pipeline in its own process, without HTTP. Its orders come as one JSON argument. */
const orders: PipelineSubmitterOrders = JSON.parse(process.argv[2] ?? '');
const submit = INTAKES[orders.kind](orders);

const photo = { bytes: makeJpeg(orders.photoBytes) };

serveSubmissions((serial) => submit({ ...makePerson(serial), photo }));
