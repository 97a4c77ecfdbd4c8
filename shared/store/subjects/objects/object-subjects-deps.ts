import type { PhotoIntents } from '../photo-intents.ts';
import type { ByteBudget } from './byte-budget.ts';
import type { ObjectPlace } from './object-location.ts';
import type { ObjectStore } from './object-store.ts';
import type { StoreWatch } from './store-watch.ts';

/** What photos in a bucket are kept with. */
export interface ObjectSubjectsDeps extends PhotoIntents {
  readonly objects: ObjectStore;
  readonly place: ObjectPlace;
  readonly watch: StoreWatch;
  readonly budget: ByteBudget;
  /** ms epoch */
  readonly now: () => number;
}
