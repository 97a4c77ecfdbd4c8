import type { ClientAction } from '../../shared/contract/outcome-codes.ts';
import type { Verdict } from '../../shared/outcomes/outcome-row.ts';

/**
 * What a client is to learn about every code of the API page (section 6) and of the common error codes, written down
 * apart from the outcome table so that a slip there does not pass unseen here.
 */

/** What the event says, and whether the call is charged for. */
export type Expected = readonly [verdict: Verdict, action: ClientAction, billed: 'billed' | 'unbilled'];

const match: Expected = ['match', 'none', 'billed'];
const resubmitPhoto: Expected = ['unverifiable', 'resubmit_photo', 'unbilled'];
const checkIdentity: Expected = ['unverifiable', 'check_identity', 'unbilled'];
const contactRegistry: Expected = ['unverifiable', 'contact_registry', 'unbilled'];
const contactSupport: Expected = ['error', 'contact_support', 'unbilled'];
const retryLater: Expected = ['error', 'retry_later', 'unbilled'];

/** The first answer is the last word. */
export const finishedAtOnce: Readonly<Record<string, Expected>> = {
  Success: match,
  'FailedOperation.CompareLowSimilarity': ['no_match', 'none', 'billed'],
  'FailedOperation.IdNameMisMatch': ['unverifiable', 'check_identity', 'billed'],
  'FailedOperation.CompareFail': resubmitPhoto,
  'FailedOperation.LifePhotoDetectFaces': resubmitPhoto,
  'FailedOperation.LifePhotoDetectFake': resubmitPhoto,
  'FailedOperation.LifePhotoDetectNoFaces': resubmitPhoto,
  'FailedOperation.LifePhotoPoorQuality': resubmitPhoto,
  'FailedOperation.LifePhotoSizeError': resubmitPhoto,
  'FailedOperation.IdFormatError': checkIdentity,
  'FailedOperation.NameFormatError': checkIdentity,
  'FailedOperation.IdNoExistSystem': contactRegistry,
  'FailedOperation.IdPhotoNoExist': contactRegistry,
  'FailedOperation.IdPhotoPoorQuality': contactRegistry,
  'FailedOperation.DecryptSystemError': contactSupport,
  InvalidParameter: contactSupport,
  'InvalidParameter.UnsupportEncryptField': contactSupport,
  InvalidParameterValue: contactSupport,
  UnsupportedOperation: contactSupport,
  ActionOffline: contactSupport,
  DryRunOperation: contactSupport,
  InvalidAction: contactSupport,
  InvalidRequest: contactSupport,
  MissingParameter: contactSupport,
  NoSuchProduct: contactSupport,
  NoSuchVersion: contactSupport,
  RequestSizeLimitExceeded: contactSupport,
  ResourceNotFound: contactSupport,
  ResponseSizeLimitExceeded: contactSupport,
  UnknownParameter: contactSupport,
  UnsupportedProtocol: contactSupport,
  UnsupportedRegion: contactSupport,
};

/** Asked again until the allowed retries are used up. */
export const retriedFruitlessly: Readonly<Record<string, Expected>> = {
  'FailedOperation.CompareSystemError': retryLater,
  'FailedOperation.IdPhotoSystemNoanswer': retryLater,
  'FailedOperation.UnKnown': retryLater,
  FailedOperation: retryLater,
  InternalError: retryLater,
  ResourceInUse: retryLater,
  ResourceInsufficient: retryLater,
  ResourceUnavailable: retryLater,
  ServiceUnavailable: retryLater,
};

/** Nothing about the verification: the lane is held until the account is in order, and it then gets its answer. */
export const waitedForAccount: readonly string[] = [
  'FailedOperation.StsUnAuthErrError',
  'UnauthorizedOperation',
  'UnauthorizedOperation.Arrears',
  'UnauthorizedOperation.NonAuthorize',
  'UnauthorizedOperation.Nonactivated',
  'AuthFailure.InvalidAuthorization',
  'AuthFailure.InvalidSecretId',
  'AuthFailure.MFAFailure',
  'AuthFailure.SecretIdNotFound',
  'AuthFailure.SignatureExpire',
  'AuthFailure.SignatureFailure',
  'AuthFailure.TokenFailure',
  'AuthFailure.UnauthorizedOperation',
  'IpInBlacklist',
  'IpNotInWhitelist',
  'LimitExceeded',
];

/** Too fast: asked again when the window has passed. */
export const waitedForPace: readonly string[] = [
  'RequestLimitExceeded',
  'RequestLimitExceeded.GlobalRegionUinLimitExceeded',
  'RequestLimitExceeded.IPLimitExceeded',
  'RequestLimitExceeded.UinLimitExceeded',
];

export const waitedForMaintenance = 'FailedOperation.CompareLibServiceUnavailable';
export const waitedForTomorrow = 'FailedOperation.IdentityAuthLimitExceeded';
