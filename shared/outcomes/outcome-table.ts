import type { OutcomeCode } from '../contract/outcome-codes.ts';
import { makeRows, type OutcomeColumns } from './outcome-row.ts';

const api = makeRows('api');
const common = makeRows('common');
const sister = makeRows('sister_api');
const own = makeRows('veriqueue');

/**
 * Every code an attempt can end with, one row each. Nothing outside this table enumerates codes.
 *
 * Sources: the API page of ImageRecognitionV2 (section 6), the common error codes of Tencent Cloud API 3.0,
 * the billing page of the service (cloud.tencent.com/document/product/1007/47911), and our own codes for what
 * happens between us and the upstream.
 *
 * How a verdict is chosen:
 * - `match`, `no_match`: the two photos were compared, so this is an answer about the photo;
 * - `unverifiable`: nothing was compared, for a reason in the person's data, the photo or the registry, so asking
 *   the same again gives the same. A faked photo belongs here: it was turned down before any comparison. A name
 *   that does not belong to the number too, although that answer is charged for;
 * - `error`: no answer for a reason of ours, of the account's or of the upstream's.
 */
export const OUTCOMES = {
  Success: api.match('The photo and the registry photo belong to the same person'),
  'FailedOperation.CompareLowSimilarity': api.noMatch(
    'The photo and the registry photo are of different persons',
  ),
  'FailedOperation.IdNameMisMatch': {
    ...api.checkIdentity('The name does not belong to the ID number'),
    billed: 'billed',
  },
  'FailedOperation.CompareFail': api.resubmitPhoto('The comparison could not be carried out on this photo'),
  'FailedOperation.LifePhotoDetectFaces': api.resubmitPhoto('The photo shows more than one face'),
  'FailedOperation.LifePhotoDetectFake': api.resubmitPhoto('The photo does not show a live person'),
  'FailedOperation.LifePhotoDetectNoFaces': api.resubmitPhoto('The photo shows no complete face'),
  'FailedOperation.LifePhotoPoorQuality': api.resubmitPhoto('The resolution of the photo is too low'),
  'FailedOperation.LifePhotoSizeError': api.resubmitPhoto('The photo is too large or too small'),
  'FailedOperation.IdFormatError': api.checkIdentity('The ID number is malformed'),
  'FailedOperation.NameFormatError': api.checkIdentity('The name is malformed'),
  'FailedOperation.IdNoExistSystem': api.contactRegistry('The registry does not know the ID number'),
  'FailedOperation.IdPhotoNoExist': api.contactRegistry('The registry holds no photo for the ID number'),
  'FailedOperation.IdPhotoPoorQuality': api.contactRegistry('The registry photo is too poor to compare'),
  'FailedOperation.IdentityAuthLimitExceeded': api.dailyLimit('This person was verified too often today'),
  'FailedOperation.CompareSystemError': api.transient('The comparison engine failed'),
  'FailedOperation.IdPhotoSystemNoanswer': api.transient('The registry did not return its photo in time'),
  'FailedOperation.UnKnown': api.transient('The upstream failed for an unknown reason'),
  'FailedOperation.CompareLibServiceUnavailable': api.maintenance('The comparison library is in maintenance'),
  'FailedOperation.DecryptSystemError': api.fault('The upstream could not decrypt the fields sent to it'),
  'FailedOperation.StsUnAuthErrError': api.accountFault('The temporary credentials are not authorized'),
  InvalidParameter: api.fault('The upstream found a parameter invalid'),
  'InvalidParameter.UnsupportEncryptField': api.fault('A field that must be encrypted was sent in clear'),
  InvalidParameterValue: api.fault('The upstream found the value of a parameter invalid'),
  UnauthorizedOperation: api.accountFault('The account may not call the upstream'),
  'UnauthorizedOperation.Arrears': api.accountFault('The account is in arrears'),
  'UnauthorizedOperation.NonAuthorize': api.accountFault('The account has not proven its own identity'),
  'UnauthorizedOperation.Nonactivated': api.accountFault('The service is not activated for the account'),
  UnsupportedOperation: api.fault('The upstream does not support the operation'),

  'UnauthorizedOperation.ActivateError': sister.accountFault('The service is not activated for the account'),
  'UnauthorizedOperation.Activating': sister.accountFault('The service is still being activated'),
  'UnauthorizedOperation.ChargeStatusException': sister.accountFault('The account cannot be charged'),
  'FailedOperation.CoveredFace': sister.resubmitPhoto('The face in the photo is covered'),
  'FailedOperation.DetectEngineSystemError': sister.transient('The face detection engine failed'),
  'FailedOperation.ImageDecodeFailed': sister.resubmitPhoto('The photo could not be decoded'),
  'FailedOperation.ImageSizeTooLarge': sister.resubmitPhoto('The photo is too large'),

  ActionOffline: common.fault('The operation was withdrawn by the upstream'),
  'AuthFailure.InvalidAuthorization': common.accountFault('The authorization header is malformed'),
  'AuthFailure.InvalidSecretId': common.accountFault('The secret id is not of an API key'),
  'AuthFailure.MFAFailure': common.accountFault('The account demands multi-factor authentication'),
  'AuthFailure.SecretIdNotFound': common.accountFault('The secret id does not exist or is disabled'),
  'AuthFailure.SignatureExpire': common.accountFault('The clock differs from the upstream by over 5 minutes'),
  'AuthFailure.SignatureFailure': common.accountFault('The signature is wrong; check the secret key'),
  'AuthFailure.TokenFailure': common.accountFault('The security token is wrong or expired'),
  'AuthFailure.UnauthorizedOperation': common.accountFault('The key lacks the permission for the operation'),
  DryRunOperation: common.fault('The upstream took the request for a dry run'),
  FailedOperation: common.transient('The operation failed for no stated reason'),
  InternalError: common.outage('The upstream had an internal error'),
  InvalidAction: common.fault('The upstream does not know the operation'),
  InvalidRequest: common.fault('The upstream could not parse the request body'),
  IpInBlacklist: common.accountFault('The address of this machine is blocked by the account'),
  IpNotInWhitelist: common.accountFault('The address of this machine is not admitted by the account'),
  LimitExceeded: common.accountFault('A quota of the account is used up'),
  MissingParameter: common.fault('The upstream missed a parameter'),
  NoSuchProduct: common.fault('The upstream does not know the service'),
  NoSuchVersion: common.fault('The upstream does not know the API version'),
  RequestLimitExceeded: common.pace('The request rate was exceeded'),
  'RequestLimitExceeded.GlobalRegionUinLimitExceeded': common.pace('The account exceeded its request rate'),
  'RequestLimitExceeded.IPLimitExceeded': common.pace('This address exceeded its request rate'),
  'RequestLimitExceeded.UinLimitExceeded': common.pace('The account exceeded its request rate'),
  RequestSizeLimitExceeded: common.fault('The request was too large for the upstream'),
  ResourceInUse: common.outage('A resource of the upstream is in use'),
  ResourceInsufficient: common.outage('The upstream is short of resources'),
  ResourceNotFound: common.fault('The upstream did not find a resource'),
  ResourceUnavailable: common.outage('A resource of the upstream is unavailable'),
  ResponseSizeLimitExceeded: {
    ...common.fault('The answer was too large for the upstream'),
    billed: 'unknown',
  },
  ServiceUnavailable: common.outage('The upstream is unavailable'),
  UnknownParameter: common.fault('The upstream does not know a parameter'),
  UnsupportedProtocol: common.fault('The upstream does not support the protocol'),
  UnsupportedRegion: common.fault('The upstream does not serve the region'),

  'Veriqueue.ConnectionFailed': own.outage('No complete request reached the upstream'),
  'Veriqueue.Timeout': own.unknown('The request was sent and no answer began in time'),
  'Veriqueue.AnswerStalled': own.unknown('An answer began and did not end in time'),
  'Veriqueue.ConnectionReset': own.unknown('The request was sent and the connection broke before an answer'),
  'Veriqueue.Interrupted': own.unknown('The worker stopped while it waited for the answer'),
  'Veriqueue.WorkerCrashed': own.unknown('The worker died during the call'),
  'Veriqueue.HttpStatus': own.unknown(
    'The upstream answered with an HTTP status that does not say what happened',
  ),
  'Veriqueue.HttpTooManyRequests': own.pace('The upstream answered with HTTP status 429'),
  'Veriqueue.HttpRejected': own.fault('The upstream turned the request down as HTTP'),
  'Veriqueue.HttpRefused': own.accountFault(
    'The endpoint refuses requests; check it and any proxy before it',
  ),
  'Veriqueue.RequestNotFormed': own.accountFault(
    'No request could be formed with these credentials and this endpoint',
  ),
  'Veriqueue.NotHttp': own.unknown('The answer was not HTTP'),
  'Veriqueue.NotJson': own.unknown('The answer was not JSON'),
  'Veriqueue.EmptyAnswer': own.unknown('The answer was empty'),
  'Veriqueue.TruncatedAnswer': own.unknown('The answer broke off'),
  'Veriqueue.AnswerTooLarge': own.unknown('The answer exceeded the size an answer can have'),
  'Veriqueue.UnexpectedAnswer': own.unknown('The answer was JSON without a result'),
  'Veriqueue.Quarantined': {
    ...own.gaveUp(
      'Workers died with this one in flight seven times, three times after it was made to run alone',
    ),
    action: 'contact_support',
    billed: 'unknown',
  },
  'Veriqueue.ProcessingFailed': {
    ...own.fault('This program failed on it again and again; its log says why'),
    billed: 'unknown',
  },
  'Veriqueue.SubjectUnreadable': own.fault('The sealed data of the person could not be opened'),
  'Veriqueue.DeadlinePassed': own.gaveUp('There was no answer by the time that the submission gave'),
  'Veriqueue.SubjectExpired': own.gaveUp('The data of the person expired before there was an answer'),
} as const satisfies Record<OutcomeCode, OutcomeColumns>;

/** Codes for what happened between us and the upstream, which the upstream itself never answers with. */
export type OwnCode = Extract<OutcomeCode, `Veriqueue.${string}`>;

/**
 * What is done with a code that has no row, by the part before its first dot. The last entry takes the rest.
 *
 * A new `FailedOperation.*` is final: it may be one that is charged for, so it is not asked again by itself.
 */
export const FALLBACKS = {
  AuthFailure: common.accountFault('An authentication fault unknown to this version'),
  UnauthorizedOperation: common.accountFault('An authorization fault unknown to this version'),
  RequestLimitExceeded: common.pace('A request rate limit unknown to this version'),
  LimitExceeded: common.accountFault('An account quota unknown to this version'),
  InternalError: common.outage('An internal error unknown to this version'),
  ServiceUnavailable: common.outage('An unavailability unknown to this version'),
  ResourceUnavailable: common.outage('An unavailable resource unknown to this version'),
  ResourceInsufficient: common.outage('A shortage of resources unknown to this version'),
  ResourceInUse: common.outage('A resource in use unknown to this version'),
  InvalidParameter: common.fault('An invalid parameter unknown to this version'),
  InvalidParameterValue: common.fault('An invalid parameter value unknown to this version'),
  MissingParameter: common.fault('A missing parameter unknown to this version'),
  UnknownParameter: common.fault('A superfluous parameter unknown to this version'),
  UnsupportedOperation: common.fault('An unsupported operation unknown to this version'),
  FailedOperation: {
    ...common.resubmitPhoto('A failure unknown to this version'),
    action: 'contact_support',
    billed: 'unknown',
  },
  '*': { ...common.fault('A code unknown to this version'), billed: 'unknown' },
} as const satisfies Record<string, OutcomeColumns>;
