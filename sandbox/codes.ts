import type { Carrier } from './planned-result.ts';

/** One documented code: the text that comes with it and the place where the sandbox puts it. */
export interface CodeRow {
  readonly description: string;
  readonly carrier: Carrier;
}

function inResult(description: string): CodeRow {
  return { description, carrier: 'result' };
}

function inError(description: string): CodeRow {
  return { description, carrier: 'error' };
}

/**
 * The error codes of the API page of `ImageRecognitionV2`, section 6, and `Success`.
 *
 * The page says that `Result` carries the FailedOperation part of the list and shows one example. Which of them the service
 * carries in `Response.Error` all the same is not documented. Here, a finding about the person or the photo is a `Result`; a
 * failure of the service to do its work is an `Error`. For each of the FailedOperation codes there is also a test person who gets
 * it the other way round, because a client has to understand both.
 */
export const apiPageCodes = {
  Success: inResult('Success'),
  'FailedOperation.CompareFail': inResult('Comparison failed.'),
  'FailedOperation.CompareLibServiceUnavailable': inError(
    'Comparison library source maintaining, temporarily unavailable',
  ),
  'FailedOperation.CompareLowSimilarity': inResult('Similarity comparison does not reach the pass standard'),
  'FailedOperation.CompareSystemError': inError('Error calling the comparison engine API.'),
  'FailedOperation.DecryptSystemError': inError('Decryption failed.'),
  'FailedOperation.IdFormatError': inResult('Input identity card number error.'),
  'FailedOperation.IdNameMisMatch': inResult(
    'Name and ID card number mismatch. Please verify and try again after.',
  ),
  'FailedOperation.IdNoExistSystem': inResult(
    'The number is not found in the database. Please go to the place of household registration to verify.',
  ),
  'FailedOperation.IdPhotoNoExist': inResult(
    'The photo of this number is not found in the database. Please go to the place of household registration to verify.',
  ),
  'FailedOperation.IdPhotoPoorQuality': inResult(
    'Document image is of poor quality. Please update and try again.',
  ),
  'FailedOperation.IdPhotoSystemNoanswer': inResult(
    'The customer database, self-built database, or authentication center failed to return the photo. Try again later.',
  ),
  'FailedOperation.IdentityAuthLimitExceeded': inResult(
    'Name/ID card number authentication attempts exceed the daily limit. Please retry the next day.',
  ),
  'FailedOperation.LifePhotoDetectFaces': inResult('Multiple faces are detected.'),
  'FailedOperation.LifePhotoDetectFake': inResult('Real person comparison failed.'),
  'FailedOperation.LifePhotoDetectNoFaces': inResult('Failed to detect a full face.'),
  'FailedOperation.LifePhotoPoorQuality': inResult(
    'The resolution of the image passed in is too low. Please upload a new one.',
  ),
  'FailedOperation.LifePhotoSizeError': inResult('The image passed in is too large or too small.'),
  'FailedOperation.NameFormatError': inResult('Input name error.'),
  'FailedOperation.StsUnAuthErrError': inError('STS unauthorized.'),
  'FailedOperation.UnKnown': inError('Unknown internal error.'),
  InvalidParameter: inError('Invalid parameter.'),
  'InvalidParameter.UnsupportEncryptField': inError(
    'Unencrypted fields exist. Refer to the documentation to modify.',
  ),
  InvalidParameterValue: inError('Incorrect parameter value.'),
  UnauthorizedOperation: inError('Unauthorized operation.'),
  'UnauthorizedOperation.Arrears': inError('The account is in arrears.'),
  'UnauthorizedOperation.NonAuthorize': inError(
    'Identity verification has not been completed for the account.',
  ),
  'UnauthorizedOperation.Nonactivated': inError('The service has not been activated.'),
  UnsupportedOperation: inError('Unsupported operation.'),
} as const satisfies Readonly<Record<string, CodeRow>>;

/** "Common Error Codes" of the API 3.0 gateway, without those that the API page lists itself. */
export const commonCodes = {
  ActionOffline: inError('This API has been deprecated.'),
  'AuthFailure.InvalidAuthorization': inError('Authorization in the request header is invalid.'),
  'AuthFailure.InvalidSecretId': inError('Invalid key (not a TencentCloud API key type).'),
  'AuthFailure.MFAFailure': inError('MFA failed.'),
  'AuthFailure.SecretIdNotFound': inError(
    'The SecretId is not found, please ensure that your SecretId is correct.',
  ),
  'AuthFailure.SignatureExpire': inError(
    'Signature expired. Timestamp and server time cannot differ by more than five minutes. Please ensure your current local time matches the standard time.',
  ),
  'AuthFailure.SignatureFailure': inError(
    'The provided credentials could not be validated. Please check your signature is correct.',
  ),
  'AuthFailure.TokenFailure': inError('Token error.'),
  'AuthFailure.UnauthorizedOperation': inError(
    'You are not authorized to perform this operation. Check your CAM policies, and ensure that you are using the correct access keys.',
  ),
  DryRunOperation: inError(
    'DryRun Operation. It means that the request would have succeeded, but the DryRun parameter was used.',
  ),
  FailedOperation: inError('Operation failed.'),
  InternalError: inError('Internal error.'),
  InvalidAction: inError('The API does not exist.'),
  InvalidRequest: inError('The multipart format of the request body is incorrect.'),
  IpInBlacklist: inError('Your IP is in uin IP blacklist.'),
  IpNotInWhitelist: inError('Your IP is not in uin IP whitelist.'),
  LimitExceeded: inError('Quota limit exceeded.'),
  MissingParameter: inError('A parameter is missing.'),
  NoSuchProduct: inError('The product does not exist.'),
  NoSuchVersion: inError('The API version does not exist.'),
  RequestLimitExceeded: inError('The number of requests exceeds the frequency limit.'),
  'RequestLimitExceeded.GlobalRegionUinLimitExceeded': inError('Uin exceeds the frequency limit.'),
  'RequestLimitExceeded.IPLimitExceeded': inError('The number of ip requests exceeds the frequency limit.'),
  'RequestLimitExceeded.UinLimitExceeded': inError('The number of uin requests exceeds the frequency limit.'),
  RequestSizeLimitExceeded: inError('The request size exceeds the upper limit.'),
  ResourceInUse: inError('Resource is in use.'),
  ResourceInsufficient: inError('Insufficient resource.'),
  ResourceNotFound: inError('The resource does not exist.'),
  ResourceUnavailable: inError('Resource is unavailable.'),
  ResponseSizeLimitExceeded: inError('The response size exceeds the upper limit.'),
  ServiceUnavailable: inError('Service is unavailable now.'),
  UnknownParameter: inError('Unknown parameter.'),
  UnsupportedProtocol: inError('HTTP(S) request protocol error; only GET and POST requests are supported.'),
  UnsupportedRegion: inError('API does not support the requested region.'),
} as const satisfies Readonly<Record<string, CodeRow>>;

const rows = new Map<string, CodeRow>(Object.entries({ ...commonCodes, ...apiPageCodes }));

/** The row of a code; a code in neither list is carried where its family would be. */
export function codeRow(code: string): CodeRow {
  const known = rows.get(code);
  if (known !== undefined) return known;
  const description = 'An error code that is in no list.';
  return code.startsWith('FailedOperation.') ? inResult(description) : inError(description);
}
