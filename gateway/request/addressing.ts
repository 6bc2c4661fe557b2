/**
 * Which bucket and key a request is about. Path style: `https://domain/bucket/key`. Virtual-host style: `https://bucket.domain/key`, for
 * the domains that the gateway is configured with; every other host is path style, so a bare address needs no configuration.
 */
import { S3Error } from '../s3-error.js';
import { requireKey } from '../s3/object-key.js';
import { decode } from './target.js';

export type Resource =
  | { readonly kind: 'service' }
  | { readonly kind: 'bucket'; readonly bucket: string }
  | { readonly kind: 'object'; readonly bucket: string; readonly key: string };

export interface Address {
  readonly style: 'path' | 'virtual-host';
  /** The bucket's name is as the client wrote it: whether there can be such a bucket is not known here. The key has at most 1,024 bytes. */
  readonly resource: Resource;
}

/**
 * `host` is the header with or without a port, `undefined` when there was none; `domains` are in lower case and without ports. Throws
 * InvalidURI, InvalidBucketName, KeyTooLongError.
 */
export function addressOf(rawPath: string, host: string | undefined, domains: readonly string[]): Address {
  const bucket = bucketOfHost(host, domains);
  if (bucket !== undefined) {
    return { style: 'virtual-host', resource: resourceOf(bucket, decode(rawPath.slice(1))) };
  }
  if (rawPath === '/') return { style: 'path', resource: { kind: 'service' } };
  // Taken apart before it is decoded: a %2F within the first part does not end it.
  const slash = rawPath.indexOf('/', 1);
  const name = decode(slash < 0 ? rawPath.slice(1) : rawPath.slice(1, slash));
  if (name === '') throw new S3Error('InvalidBucketName', { fields: { BucketName: '' } });
  return { style: 'path', resource: resourceOf(name, slash < 0 ? '' : decode(rawPath.slice(slash + 1))) };
}

function resourceOf(bucket: string, key: string): Resource {
  if (key === '') return { kind: 'bucket', bucket };
  requireKey(key);
  return { kind: 'object', bucket, key };
}

/** What is before the longest domain that the host ends with; `undefined` when there is nothing, or no such domain. Dots are allowed. */
function bucketOfHost(host: string | undefined, domains: readonly string[]): string | undefined {
  const name = hostName(host ?? '');
  const domain = domains
    .filter((candidate) => name === candidate || name.endsWith(`.${candidate}`))
    .reduce<string | undefined>(
      (longest, one) => (longest === undefined || one.length > longest.length ? one : longest),
      undefined,
    );
  if (domain === undefined || name === domain) return undefined;
  const bucket = name.slice(0, -domain.length - 1);
  return bucket === '' ? undefined : bucket;
}

/** In lower case, without the port and the dot of a fully qualified name. */
export function hostName(host: string): string {
  const address = /^\[[^\]]*\]/.exec(host)?.[0];
  if (address !== undefined) return address.toLowerCase();
  const colon = host.indexOf(':');
  return (colon < 0 ? host : host.slice(0, colon)).toLowerCase().replace(/\.$/, '');
}
