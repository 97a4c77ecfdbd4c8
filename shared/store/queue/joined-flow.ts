import type { AddNodeOpts, FlowJob, FlowJobEntry, FlowProducerOptions, JobNode, RedisClient } from 'bullmq';
import { PackedFlowProducer } from './packed-job.ts';

/**
 * A flow producer that knows for which flow BullMQ begins a transaction.
 *
 * Between `add` and the connection's `multi` BullMQ awaits several promises, and flows overtake one another. What belongs to a flow
 * is therefore found by the list of entries that BullMQ makes for it. Rejected: an AsyncLocalStorage, which takes fewer lines. Once
 * one is in use, Node.js 20 runs hooks for each promise of the process: about a tenth of what a submission cost its producer.
 */
export class JoinedFlowProducer<Addition> extends PackedFlowProducer {
  readonly #byFlow = new WeakMap<FlowJob, Addition>();
  readonly #byEntries = new WeakMap<readonly FlowJobEntry[], Addition>();
  #beginning: Addition | undefined;

  constructor(options: FlowProducerOptions) {
    super(options);
    const { backend } = this;
    const { addFlow, forQueue } = backend;
    // BullMQ makes one for each job of each flow: some forty keys, of which a job needs eight.
    const byQueue = new Map<string, ReturnType<typeof forQueue>>();
    backend.forQueue = (queueName, prefix) => {
      const name = `${prefix}:${queueName}`;
      const known = byQueue.get(name) ?? forQueue.call(backend, queueName, prefix);
      byQueue.set(name, known);
      return known;
    };
    backend.addFlow = async (entries) => {
      const addition = this.#byEntries.get(entries);
      if (addition === undefined) return addFlow.call(backend, entries);
      const client = this.#announce(await backend.client, addition);
      // The backend itself but for the connection that it begins the transaction on.
      const queue = Object.create(Reflect.get(backend, 'queue'), { client: { value: client } });
      const own: typeof backend = Object.create(backend, { queue: { value: queue } });
      return addFlow.call(own, entries);
    };
  }

  /** What was given with the flow whose transaction begins in this very call. */
  get beginning(): Addition | undefined {
    return this.#beginning;
  }

  /** @param flow an object of its own for each call */
  addJoined(flow: FlowJob, addition: Addition): Promise<JobNode> {
    this.#byFlow.set(flow, addition);
    return this.add(flow);
  }

  protected override addNode(options: AddNodeOpts): Promise<JobNode> {
    const addition = this.#byFlow.get(options.node);
    if (addition !== undefined) this.#byEntries.set(options.entries, addition);
    return super.addNode(options);
  }

  #announce(client: RedisClient, addition: Addition): Pick<RedisClient, 'multi'> {
    return {
      multi: () => {
        this.#beginning = addition;
        try {
          return client.multi();
        } finally {
          this.#beginning = undefined;
        }
      },
    };
  }
}
