/** Every code that an S3 client may be told, with its status and the sentence that goes with it unless there is a better one. */

interface S3ErrorKind {
  readonly status: number;
  readonly message: string;
}

export const s3ErrorCodes = {
  AccessControlListNotSupported: { status: 400, message: 'The bucket does not allow ACLs.' },
  AccessDenied: { status: 403, message: 'Access Denied' },
  AuthorizationHeaderMalformed: { status: 400, message: 'The authorization header that you provided is not valid.' },
  AuthorizationQueryParametersError: {
    status: 400,
    message: 'The query parameters of the presigned URL are not valid.',
  },
  BadDigest: {
    status: 400,
    message: 'The checksum or Content-MD5 that you specified did not match what was received.',
  },
  BadRequest: { status: 400, message: 'Bad Request' },
  BucketAlreadyExists: {
    status: 409,
    message: 'The requested bucket name is not available; bucket names are shared by all users. Choose another name.',
  },
  BucketAlreadyOwnedByYou: { status: 409, message: 'You made this bucket before, and you own it.' },
  BucketNotEmpty: {
    status: 409,
    message: 'The bucket that you tried to delete is not empty; delete its objects, versions and uploads first.',
  },
  ConditionalRequestConflict: {
    status: 409,
    message: 'A conflicting operation happened during this request; try again.',
  },
  EntityTooLarge: { status: 400, message: 'Your upload is larger than the largest size allowed.' },
  EntityTooSmall: { status: 400, message: 'Your upload is smaller than the smallest size allowed.' },
  ExpiredToken: { status: 400, message: 'The provided token has expired.' },
  IllegalLocationConstraintException: {
    status: 400,
    message: 'The location constraint is not the region of this endpoint.',
  },
  IllegalVersioningConfigurationException: { status: 400, message: 'The Versioning element must be specified.' },
  IncompleteBody: { status: 400, message: 'The body has fewer bytes than its headers said.' },
  InternalError: { status: 500, message: 'An internal error happened; try again.' },
  InvalidAccessKeyId: { status: 403, message: 'The access key id that you provided does not exist here.' },
  InvalidArgument: { status: 400, message: 'An argument is not valid.' },
  InvalidBucketName: { status: 400, message: 'The bucket name is not valid.' },
  InvalidBucketState: { status: 409, message: 'The request is not valid for the present state of the bucket.' },
  InvalidChunkSizeError: { status: 403, message: 'Only the last chunk may have less than 8192 bytes.' },
  InvalidDigest: { status: 400, message: 'The Content-MD5 or checksum value that you specified is not valid.' },
  InvalidObjectState: { status: 403, message: 'The object is archived; restore it first.' },
  InvalidPart: {
    status: 400,
    message: 'One or more of the parts could not be found; a part may not have been uploaded, or its ETag differs.',
  },
  InvalidPartOrder: { status: 400, message: 'The parts are not in ascending order of their numbers.' },
  InvalidRange: { status: 416, message: 'The requested range cannot be satisfied.' },
  InvalidRequest: { status: 400, message: 'The request is not valid.' },
  InvalidStorageClass: { status: 400, message: 'The storage class that you specified is not valid.' },
  InvalidTag: { status: 400, message: 'A tag is not valid.' },
  InvalidToken: { status: 400, message: 'The provided token is malformed or not valid.' },
  InvalidURI: { status: 400, message: 'The URI cannot be parsed.' },
  KeyTooLongError: { status: 400, message: 'Your key is longer than 1024 bytes.' },
  MalformedACLError: { status: 400, message: 'The XML that you provided is not a valid access control policy.' },
  MalformedPOSTRequest: {
    status: 400,
    message: 'The body of your POST request is not well-formed multipart/form-data.',
  },
  MalformedPolicy: { status: 400, message: 'The policy is not valid.' },
  MalformedTrailerError: { status: 400, message: 'The trailers of the body are not well-formed, or not as announced.' },
  MalformedXML: {
    status: 400,
    message: 'The XML that you provided was not well-formed, or is not what this operation takes.',
  },
  MaxMessageLengthExceeded: { status: 400, message: 'Your request was too big.' },
  MetadataTooLarge: { status: 400, message: 'Your metadata headers have more bytes than are allowed.' },
  MethodNotAllowed: { status: 405, message: 'The method is not allowed against this resource.' },
  MissingContentLength: { status: 411, message: 'You must provide the Content-Length header.' },
  MissingRequestBodyError: { status: 400, message: 'The request has no body.' },
  MissingSecurityHeader: { status: 400, message: 'Your request lacks a required header.' },
  NoSuchBucket: { status: 404, message: 'The bucket does not exist.' },
  NoSuchBucketPolicy: { status: 404, message: 'The bucket has no policy.' },
  NoSuchCORSConfiguration: { status: 404, message: 'The bucket has no CORS configuration.' },
  NoSuchConfiguration: { status: 404, message: 'The configuration does not exist.' },
  NoSuchKey: { status: 404, message: 'The key does not exist.' },
  NoSuchLifecycleConfiguration: { status: 404, message: 'The bucket has no lifecycle configuration.' },
  NoSuchObjectLockConfiguration: { status: 404, message: 'The object has no object lock configuration.' },
  NoSuchPublicAccessBlockConfiguration: {
    status: 404,
    message: 'The bucket has no public access block configuration.',
  },
  NoSuchTagSet: { status: 404, message: 'There are no tags.' },
  NoSuchUpload: {
    status: 404,
    message: 'The upload does not exist; its id may be wrong, or it was completed or aborted.',
  },
  NoSuchVersion: { status: 404, message: 'The version does not exist.' },
  NoSuchWebsiteConfiguration: { status: 404, message: 'The bucket has no website configuration.' },
  NotImplemented: { status: 501, message: 'That is not implemented here.' },
  ObjectLockConfigurationNotFoundError: { status: 404, message: 'The bucket has no object lock configuration.' },
  OperationAborted: {
    status: 409,
    message: 'A conflicting conditional operation is under way against this resource; try again.',
  },
  OwnershipControlsNotFoundError: { status: 404, message: 'The bucket has no ownership controls.' },
  PermanentRedirect: { status: 301, message: 'The bucket must be addressed by the endpoint specified.' },
  PreconditionFailed: { status: 412, message: 'At least one of the conditions that you specified did not hold.' },
  ReplicationConfigurationNotFoundError: { status: 404, message: 'The bucket has no replication configuration.' },
  RequestHeaderSectionTooLarge: { status: 400, message: 'The headers of your request are too large.' },
  RequestTimeTooSkewed: { status: 403, message: 'The time of the request differs too much from that of the server.' },
  RequestTimeout: { status: 400, message: 'The connection was not read from or written to within the timeout.' },
  ServerSideEncryptionConfigurationNotFoundError: {
    status: 404,
    message: 'The bucket has no encryption configuration.',
  },
  ServiceUnavailable: { status: 503, message: 'The service cannot answer at the moment; try again.' },
  SignatureDoesNotMatch: {
    status: 403,
    message:
      'The signature that we calculated does not match the one that you provided. Check your secret access key and signing method.',
  },
  SlowDown: { status: 503, message: 'Please reduce your request rate.' },
  TemporaryRedirect: { status: 307, message: 'You are being redirected.' },
  TooManyBuckets: { status: 400, message: 'You have more buckets than are allowed.' },
  UnexpectedContent: { status: 400, message: 'This request does not take a body.' },
  XAmzContentSHA256Mismatch: {
    status: 400,
    message: 'The x-amz-content-sha256 that you specified did not match what was received.',
  },
} as const satisfies Record<string, S3ErrorKind>;

export type S3ErrorCode = keyof typeof s3ErrorCodes;
