import { type Answer, completeAnswer, refusal } from './answer.ts';
import { type ApiError, apiErrors } from './api-error.ts';
import type { PersonCalls } from './call-log.ts';
import type { Credentials } from './credentials.ts';
import { createEncryptionKeys, type EncryptionKeys, type PublicKeys } from './encryption-keys.ts';
import type { PlannedResult } from './planned-result.ts';
import { parseQuestion } from './question.ts';
import { RateWindow } from './rate-window.ts';
import { Recognition } from './recognition.ts';
import { Script } from './script.ts';
import { readSignedCall } from './signed-call.ts';
import { type SandboxStats, Statistics } from './statistics.ts';
import { isReadable } from './transmit.ts';
import type { WireRequest } from './wire-request.ts';

export interface GatewayOptions {
  readonly credentials: Credentials;
  readonly quotaPerSecond: number;
  readonly perIdLimits: boolean;
}

/** What a call is answered; `extra` is the caller's own text, which comes back with a result. */
export interface Reply {
  readonly answer: Answer;
  readonly extra: string | undefined;
  /** The question was about a person who may be real, and was not answered. */
  readonly stranger?: boolean;
}

/**
 * The service without its sockets: takes complete requests in the order of their arrival and decides what each is answered.
 * The order of the checks is the real gateway's: protocol and signature, quota, parameters, action.
 */
export class Gateway {
  readonly #options: GatewayOptions;
  readonly #script = new Script();
  readonly #recognition: Recognition;
  #statistics: Statistics;
  #rate: RateWindow;
  #keys: EncryptionKeys | undefined;

  constructor(options: GatewayOptions) {
    this.#options = options;
    this.#statistics = new Statistics(options.quotaPerSecond);
    this.#rate = new RateWindow(options.quotaPerSecond);
    this.#recognition = new Recognition({
      script: this.#script,
      encryptionKeys: () => this.#encryptionKeys(),
      perIdLimits: options.perIdLimits,
    });
  }

  handle(request: WireRequest): Reply {
    this.#statistics.recordArrival(request.arrivedAt);
    return this.#counted(this.#decide(request));
  }

  /** Answers a call whose body was beyond the limit and was therefore not kept. */
  handleTooLarge(arrivedAt: number): Reply {
    this.#statistics.recordArrival(arrivedAt);
    return this.#counted(this.#refuse(apiErrors.requestSizeLimitExceeded));
  }

  stats(now: number): SandboxStats {
    return this.#statistics.snapshot(now);
  }

  calls(idCard: string | undefined): readonly PersonCalls[] {
    return idCard === undefined ? this.#recognition.calls.all() : [this.#recognition.calls.of(idCard)];
  }

  publicKeys(): PublicKeys {
    return this.#encryptionKeys().publicKeys;
  }

  script(idCard: string, results: readonly PlannedResult[]): void {
    this.#script.set(idCard, results);
  }

  /** Back to the state after the start, but for the encryption keys, which callers have fetched. */
  reset(): void {
    this.#script.clear();
    this.#recognition.reset();
    this.#statistics = new Statistics(this.#options.quotaPerSecond);
    this.#rate = new RateWindow(this.#options.quotaPerSecond);
  }

  #decide(request: WireRequest): Reply {
    const call = readSignedCall(request, this.#options.credentials);
    if (call.kind === 'refused') return this.#refuse(call.error);
    const { allowed, inSecond } = this.#rate.take(request.arrivedAt);
    this.#statistics.recordAdmission(allowed ? 'accepted' : 'rejected');
    if (!allowed) {
      return reply(refusal(apiErrors.requestLimitExceeded(inSecond, this.#options.quotaPerSecond)));
    }
    const parsed = parseQuestion(call.parameters);
    // Before the script that holds the account: it may hold it with a match, which is for test people only.
    if (parsed.kind === 'question' && this.#recognition.isAboutStranger(parsed.question)) {
      return { ...reply(refusal(apiErrors.notATestPerson)), stranger: true };
    }
    const held = this.#script.nextForAccount();
    if (held !== undefined) return reply(completeAnswer(held, ''));
    if (parsed.kind === 'refused') return reply(refusal(parsed.error));
    const answer = this.#recognition.answer(parsed.question, request.arrivedAt);
    return { answer, extra: parsed.question.Extra };
  }

  #refuse(error: ApiError): Reply {
    this.#statistics.recordAdmission('refused');
    return reply(refusal(error));
  }

  #counted(result: Reply): Reply {
    const { code, fault } = result.answer;
    this.#statistics.recordCode(isReadable(fault) ? code : `fault:${fault}`);
    return result;
  }

  #encryptionKeys(): EncryptionKeys {
    this.#keys ??= createEncryptionKeys();
    return this.#keys;
  }
}

function reply(answer: Answer): Reply {
  return { answer, extra: undefined };
}
