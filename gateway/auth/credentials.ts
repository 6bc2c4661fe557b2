import type { WallMs } from '../../base/instants.js';
import { S3Error } from '../s3-error.js';
import { equalSecrets } from './equal-secrets.js';

/** A pair of keys, and whose it is: `Identity` is not looked into here. */
export interface Credentials<Identity> {
  readonly accessKey: string;
  readonly secretKey: string;
  readonly identity: Identity;
  /** Temporary credentials have one, which requests must bring. */
  readonly sessionToken?: string;
  /** Of temporary credentials. */
  readonly expiresAt?: WallMs;
  readonly isSuspended: boolean;
}

/** Of requests whose signature was found right: `InvalidAccessKeyId`, `InvalidToken` or `ExpiredToken`. */
export function checkUsable(credentials: Credentials<unknown>, sessionToken: string | undefined, now: WallMs): void {
  const { accessKey, isSuspended, expiresAt } = credentials;
  if (isSuspended) throw invalidAccessKey(accessKey, 'The access key is suspended.');
  if (credentials.sessionToken === undefined) {
    if (sessionToken !== undefined) throw new S3Error('InvalidToken');
  } else if (sessionToken === undefined) {
    throw invalidAccessKey(accessKey, 'The access key is a temporary one: send its session token, too.');
  } else if (!equalSecrets(credentials.sessionToken, sessionToken)) {
    throw new S3Error('InvalidToken');
  }
  if (expiresAt !== undefined && now >= expiresAt) throw new S3Error('ExpiredToken');
}

export function invalidAccessKey(accessKey: string, message?: string): S3Error {
  const fields = { AWSAccessKeyId: accessKey };
  return new S3Error('InvalidAccessKeyId', message === undefined ? { fields } : { message, fields });
}
