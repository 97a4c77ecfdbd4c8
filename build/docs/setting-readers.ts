import type { z } from 'zod';
import { startEnvironment } from '../../dev/start/settings.ts';
import { producerEnvironment } from '../../producer/settings.ts';
import { sandboxEnvironment } from '../../sandbox/settings.ts';
import { workerEnvironment } from '../../worker/settings.ts';

const SHAPES = {
  producer: producerEnvironment.shape,
  worker: workerEnvironment.shape,
  sandbox: sandboxEnvironment.shape,
  'npm start': startEnvironment.shape,
};

/** Who reads a setting, by the word that the English page has for it. */
export type Reader = keyof typeof SHAPES;

/** Every variable that a process reads. */
export type Variable = { [R in Reader]: keyof (typeof SHAPES)[R] }[Reader];

/** What each process reads. */
export const readers: Readonly<Record<string, Readonly<Record<string, z.ZodType>>>> = SHAPES;
