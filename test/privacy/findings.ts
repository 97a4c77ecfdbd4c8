import type { Redis } from 'ioredis';
import type { StoreKeys } from '../../shared/store/keys.ts';
import { idCards, shared } from './canary.ts';
import type { WatchedProcesses } from './chain-processes.ts';
import {
  type Hit,
  makeIntegerNeedle,
  makeNeedles,
  type Needle,
  type Place,
  searchLeaks,
} from './leak-search.ts';
import { readFiles, readKeys, writeDumps } from './redis-contents.ts';

/** What was found at one moment of the run, and what there was to search. */
export interface Findings {
  readonly hits: readonly Hit[];
  readonly places: readonly string[];
  readonly bytes: number;
  /** Keys of sealed subjects, and places that hold a piece of one that was seen. */
  readonly subjects: readonly string[];
  readonly sealedBytesIn: readonly string[];
  readonly photosStored: number;
}

export interface Searched {
  readonly redis: Redis;
  /** Of that Redis. */
  readonly dataDir: string;
  readonly keys: StoreKeys;
  readonly processes: WatchedProcesses;
  /** Answers and events. */
  readonly others: readonly Place[];
  /** Pieces of sealed subjects. */
  readonly samples: readonly Needle[];
}

export const needles = Object.entries(shared).flatMap(([name, bytes]) => makeNeedles({ name, bytes }));
const integers = idCards.flatMap(makeIntegerNeedle);

/** The one place where Redis writes numbers as numbers. */
const isSnapshot = ({ name }: Place) => name.endsWith('.rdb');

/** Looks for canaries in all that there is at this moment, Redis' files rewritten on the way. */
export async function searchEverything(searched: Searched): Promise<Findings> {
  const { redis, dataDir, keys, samples } = searched;
  // As it has grown, every command of the run in it; then as it is rewritten.
  const history = await readFiles(dataDir, 'file before the rewrite');
  await writeDumps(redis);
  const stored = [...(await readKeys(redis)), ...(await readFiles(dataDir, 'file'))];
  const places = [...history, ...stored, ...(await searched.processes.outputs()), ...searched.others];
  return {
    hits: [...searchLeaks(places, needles), ...searchLeaks(stored.filter(isSnapshot), integers)],
    places: places.map(({ name }) => name),
    bytes: places.reduce((sum, place) => sum + place.bytes.length, 0),
    subjects: await redis.keys(keys.subject('*')),
    sealedBytesIn: [...new Set(searchLeaks(stored, samples).map(({ place }) => place))],
    photosStored: Number(await redis.hget(keys.photosStored(), 'now')),
  };
}
