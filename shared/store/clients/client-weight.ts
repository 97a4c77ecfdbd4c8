import { z } from 'zod';

/** A client's part of the quota, relative to that of the others that wait at the same time. */
export const DEFAULT_WEIGHT = 100;
export const MIN_WEIGHT = 1;
export const MAX_WEIGHT = 1000;

/** By how much a client's tags grow from one turn to the next: `shares.unit` in fragments/shares.lua. */
export const turnUnitOf = (weight: number): number => DEFAULT_WEIGHT / weight;

/** Field `weight` of the client's hash. A client of a version before has none; one that makes no sense counts as none. */
export const storedWeight = z
  .string()
  .regex(/^[1-9]\d{0,3}$/)
  .transform(Number)
  .refine((weight) => weight <= MAX_WEIGHT)
  .catch(DEFAULT_WEIGHT);
