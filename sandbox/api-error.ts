/** What stands in `Response.Error`. */
export interface ApiError {
  readonly code: string;
  readonly message: string;
}

function invalidAuthorization(reason: string): ApiError {
  return {
    code: 'AuthFailure.InvalidAuthorization',
    message: `The request \`Authorization\` header does not conform to tencentcloud standards: ${reason}`,
  };
}

/**
 * The refusals of Tencent Cloud's API gateway, with its own texts.
 *
 * Seen in answers of the real gateway that users published in the issue trackers of the official SDKs:
 * `secretIdNotFound`, `signatureFailure`, `v1TooLarge`, `invalidAuthorization` and its `Service` reason,
 * `missingParameter`, `unknownParameter`, `requestLimitExceeded`, `noSuchVersion`, `invalidAction`,
 * `invalidParameterValue`; `wrongType` was only seen in Chinese and is translated here. The others carry the text of
 * the "Common Error Codes" list, for want of a published answer.
 */
export const apiErrors = {
  invalidAuthorization,
  secretIdNotFound: {
    code: 'AuthFailure.SecretIdNotFound',
    message: 'The SecretId is not found, please ensure that your SecretId is correct.',
  },
  signatureExpire: {
    code: 'AuthFailure.SignatureExpire',
    message:
      'Signature expired. Timestamp and server time cannot differ by more than five minutes. Please ensure your current local time matches the standard time.',
  },
  signatureFailure: {
    code: 'AuthFailure.SignatureFailure',
    message: 'The provided credentials could not be validated. Please check your signature is correct.',
  },
  v1TooLarge: {
    code: 'AuthFailure.SignatureFailure',
    message:
      'The provided credentials could not be validated because of exceeding request size limit, please use new signature method `TC3-HMAC-SHA256`.',
  },
  tokenFailure: { code: 'AuthFailure.TokenFailure', message: 'Token error.' },
  missingParameter: (name: string): ApiError => ({
    code: 'MissingParameter',
    message: `The request is missing a required parameter \`${name}\`.`,
  }),
  unknownParameter: (name: string): ApiError => ({
    code: 'UnknownParameter',
    message: `The parameter \`${name}\` is not recognized.`,
  }),
  wrongType: (name: string, expected: string): ApiError => ({
    code: 'InvalidParameter',
    message: `The value type of parameter \`${name}\` is not valid. The parameter type should be \`${expected}\`.`,
  }),
  invalidParameterValue: (name: string): ApiError => ({
    code: 'InvalidParameterValue',
    message: `The value specified in the parameter \`${name}\` is not valid.`,
  }),
  /** The sandbox's own text: the real service would look the person up. */
  notATestPerson: {
    code: 'InvalidParameterValue',
    message:
      'The value specified in the parameter `IdCard` is not valid. This is the sandbox: it knows test people only, whose ID numbers begin with 99, and it did not ask any authority about this one.',
  },
  malformedJson: { code: 'InvalidParameter', message: 'The request body is not a valid JSON object.' },
  malformedForm: { code: 'InvalidParameter', message: 'Url key and value should be splited by `=`.' },
  multipartNotSupported: {
    code: 'InvalidRequest',
    message: 'The multipart format of the request body is incorrect.',
  },
  invalidAction: (action: string, service: string, version: string): ApiError => ({
    code: 'InvalidAction',
    message: `The request action=\`${action}\` is invalid or not found in service=\`${service}\` and version=\`${version}\`.`,
  }),
  noSuchVersion: (version: string, service: string): ApiError => ({
    code: 'NoSuchVersion',
    message: `The specified api version=\`${version}\` does not exist in service=\`${service}\`.`,
  }),
  requestLimitExceeded: (inSecond: number, quotaPerSecond: number): ApiError => ({
    code: 'RequestLimitExceeded',
    message: `Your current request times equals to \`${inSecond}\` in a second, which exceeds the frequency limit \`${quotaPerSecond}\` for a second. Please reduce the frequency of calls.`,
  }),
  requestSizeLimitExceeded: {
    code: 'RequestSizeLimitExceeded',
    message: 'The request size exceeds the upper limit.',
  },
  unsupportedProtocol: {
    code: 'UnsupportedProtocol',
    message: 'HTTP(S) request protocol error; only GET and POST requests are supported.',
  },
  unsupportEncryptField: {
    code: 'InvalidParameter.UnsupportEncryptField',
    message: 'Unencrypted fields exist. Refer to the documentation to modify.',
  },
} as const;
