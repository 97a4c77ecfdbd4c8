import { type Answer, completeAnswer, refusal } from './answer.ts';
import { CallLog } from './call-log.ts';
import { type Decryption, decryptSubject, type SubjectFields } from './encryption.ts';
import type { EncryptionKeys } from './encryption-keys.ts';
import { isIdNumber } from './id-number.ts';
import { findPerson, isStranger, type Person } from './people.ts';
import { PersonLimit } from './person-limit.ts';
import { checkPhoto, type PhotoCheck } from './photo-check.ts';
import { PlannedResult } from './planned-result.ts';
import type { Question } from './question.ts';
import type { Script } from './script.ts';

export interface RecognitionOptions {
  readonly script: Script;
  readonly encryptionKeys: () => EncryptionKeys;
  /** Whether the limit on attempts per ID number is enforced. */
  readonly perIdLimits: boolean;
}

function planned(code: string): PlannedResult {
  return PlannedResult.parse({ code });
}

const MATCH = planned('Success');
const DECRYPT_SYSTEM_ERROR = planned('FailedOperation.DecryptSystemError');
const LIMIT_EXCEEDED = planned('FailedOperation.IdentityAuthLimitExceeded');
const ID_FORMAT_ERROR = planned('FailedOperation.IdFormatError');
const NAME_FORMAT_ERROR = planned('FailedOperation.NameFormatError');
const MISMATCH = planned('FailedOperation.IdNameMisMatch');

/** What the service makes of a photo it cannot use; undefined for one it can. */
const photoFindings: Readonly<Record<PhotoCheck, PlannedResult | undefined>> = {
  photo: undefined,
  not_base64: planned('InvalidParameterValue'),
  not_jpeg_or_png: planned('FailedOperation.LifePhotoDetectNoFaces'),
  too_large: planned('FailedOperation.LifePhotoSizeError'),
};

/** The action behind the gateway: answers questions about people. */
export class Recognition {
  readonly #options: RecognitionOptions;
  #calls = new CallLog();
  #limit = new PersonLimit();
  #answered = new Map<string, number>();

  constructor(options: RecognitionOptions) {
    this.#options = options;
  }

  get calls(): CallLog {
    return this.#calls;
  }

  /**
   * Answers one question that arrived at `arrivedAt`. A scripted result goes before everything but decryption, without
   * which it is not known whom the question is about, and the limit per person. The gateway asks about no stranger:
   * a real ID number must not be listed by `GET /sandbox/calls` either.
   */
  answer(question: Question, arrivedAt: number): Answer {
    const opened = this.#open(question);
    if (opened.kind === 'refused') return refusal(opened.error);
    if (opened.kind === 'failed') return completeAnswer(DECRYPT_SYSTEM_ERROR, '');
    const { subject } = opened;
    const result = this.#find(subject, question.ImageBase64, arrivedAt);
    this.#calls.record(subject.IdCard, { at: arrivedAt, code: result.code });
    return completeAnswer(result, subject.IdCard);
  }

  /** Whether the question is about a person who may be real. */
  isAboutStranger(question: Question): boolean {
    const opened = this.#open(question);
    return opened.kind === 'plain' && isStranger(opened.subject.IdCard);
  }

  /** Forgets every call; the script is cleared by its owner. */
  reset(): void {
    this.#calls = new CallLog();
    this.#limit = new PersonLimit();
    this.#answered = new Map();
  }

  #open(question: Question): Decryption {
    const subject = { IdCard: question.IdCard, Name: question.Name };
    if (question.Encryption === undefined) return { kind: 'plain', subject };
    return decryptSubject(subject, question.Encryption, this.#options.encryptionKeys());
  }

  #find(subject: SubjectFields, imageBase64: string, now: number): PlannedResult {
    if (this.#options.perIdLimits && !this.#limit.take(subject.IdCard, now)) return LIMIT_EXCEEDED;
    const scripted = this.#options.script.nextFor(subject.IdCard);
    if (scripted !== undefined) return scripted;
    const person = findPerson(subject.IdCard);
    if (person === undefined && !isIdNumber(subject.IdCard)) return ID_FORMAT_ERROR;
    if (subject.Name.trim() === '') return NAME_FORMAT_ERROR;
    if (person !== undefined && person.name !== subject.Name) return MISMATCH;
    const finding = photoFindings[checkPhoto(imageBase64)];
    if (finding !== undefined) return finding;
    return person === undefined ? MATCH : this.#nextOf(person);
  }

  #nextOf(person: Person): PlannedResult {
    const before = this.#answered.get(person.idCard) ?? 0;
    this.#answered.set(person.idCard, before + 1);
    return person.results[Math.min(before, person.results.length - 1)] ?? person.results[0];
  }
}
