import { randomBytes } from 'node:crypto';
import type { Redis } from 'ioredis';
import { typeid } from 'typeid-js';
import type { Priority } from '../shared/contract/verification.ts';
import { generateKey } from '../shared/sealing/generate-keys.ts';
import { type KeyRing, parseKeyRing } from '../shared/sealing/key-ring.ts';
import { sealSubject } from '../shared/sealing/seal.ts';
import type { Subject } from '../shared/sealing/subject.ts';
import type { StoreKeys } from '../shared/store/keys.ts';
import { createAtomicFlow } from '../shared/store/queue/atomic-flow.ts';
import { verificationFlow } from '../shared/store/queue/verification-flow.ts';
import { redisSubjects } from '../shared/store/subjects/redis-subjects.ts';
import type { SubjectStore } from '../shared/store/subjects/subject-store.ts';
import { queueAcceptance } from '../shared/store/verifications/accept.ts';

/** A key ring as the environment carries it. */
export const makeKeyText = (): string => generateKey(randomBytes);

/** @throws TypeError when the text is none of `makeKeyText` */
export function openKeyRing(text: string): KeyRing {
  const parsing = parseKeyRing(text);
  if (!parsing.ok) throw new TypeError(parsing.errors.join('; '));
  return parsing.keyRing;
}

export interface Submitter {
  /** @param of another client than the usual one */
  submit(subject: Subject, of?: string): Promise<void>;
  close(): Promise<void>;
}

/**
 * What the producer does with a submission that has passed its checks: seal the subject, then put record, subject and
 * both jobs into Redis in one transaction.
 *
 * @param redis a connection of its own
 */
export function createSubmitter(
  redis: Redis,
  {
    keys,
    keyRing,
    clientId: usualClient,
    priority = 'interactive',
    subjects = redisSubjects,
  }: {
    readonly keys: StoreKeys;
    readonly keyRing: KeyRing;
    readonly clientId: string;
    readonly priority?: Priority;
    /** Where photos go. @default redisSubjects */
    readonly subjects?: SubjectStore;
  },
): Submitter {
  const flow = createAtomicFlow(redis, keys.queuePrefix, () => undefined);
  return {
    submit: async (subject, clientId = usualClient) => {
      const id: string = typeid('ver').toString();
      const sealed = sealSubject(keyRing, id, subject);
      const kept = await subjects.put(id, sealed);
      await flow.add(verificationFlow(keys, { id, clientId }, priority), (transaction, loaded) => {
        const acceptance = { id, clientId, priority, submittedAt: Date.now(), livemode: false, sealed };
        queueAcceptance(transaction, keys, acceptance, kept, loaded);
      });
    },
    close: () => flow.close(),
  };
}
