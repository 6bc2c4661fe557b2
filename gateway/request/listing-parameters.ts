/** What lists are asked for, parsed and checked. Keys, prefixes and markers are text as decoded; none of them has to exist. */
import type { EncodingType } from '../xml/encoding-type.js';
import { integer, invalidArgument, marker, pageLength } from './headers.js';
import type { Query } from './target.js';

/** What every list by key takes. */
export interface KeyListing {
  /** '' for all. */
  readonly prefix: string;
  /** At least one character. */
  readonly delimiter: string | undefined;
  readonly encodingType: EncodingType;
}

export interface ListObjectsParameters extends KeyListing {
  /** Keys behind it; '' for all. */
  readonly marker: string;
  /** 0 to 1,000. */
  readonly maxKeys: number;
}

export interface ListObjectsV2Parameters extends KeyListing {
  /** Opaque here. It wins over `startAfter`. */
  readonly continuationToken: string | undefined;
  readonly startAfter: string | undefined;
  readonly fetchOwner: boolean;
  /** 0 to 1,000. */
  readonly maxKeys: number;
}

export interface ListObjectVersionsParameters extends KeyListing {
  /** '' for the beginning. */
  readonly keyMarker: string;
  /** Versions of `keyMarker` behind this one; `undefined`: keys behind it. */
  readonly versionIdMarker: string | undefined;
  /** 0 to 1,000. */
  readonly maxKeys: number;
}

export interface ListMultipartUploadsParameters extends KeyListing {
  /** '' for the beginning. */
  readonly keyMarker: string;
  /** Uploads of `keyMarker` behind this one; `undefined`: keys behind it. */
  readonly uploadIdMarker: string | undefined;
  /** 0 to 1,000. */
  readonly maxUploads: number;
}

export interface ListPartsParameters {
  readonly uploadId: string;
  /** Parts behind it; 0 for all. */
  readonly partNumberMarker: number;
  /** 0 to 1,000. */
  readonly maxParts: number;
}

export interface ListBucketsParameters {
  /** `undefined` for all. */
  readonly prefix: string | undefined;
  readonly bucketRegion: string | undefined;
  /** Opaque here. */
  readonly continuationToken: string | undefined;
  /** 1 to 10,000; `undefined` when the client asked for no pages. */
  readonly maxBuckets: number | undefined;
}

export function listObjectsParameters(query: Query): ListObjectsParameters {
  return {
    ...keyListing(query),
    marker: query.get('marker') ?? '',
    maxKeys: pageLength('max-keys', query.get('max-keys')),
  };
}

export function listObjectsV2Parameters(query: Query): ListObjectsV2Parameters {
  return {
    ...keyListing(query),
    continuationToken: continuationToken(query),
    startAfter: query.get('start-after') || undefined,
    fetchOwner: query.get('fetch-owner')?.toLowerCase() === 'true',
    maxKeys: pageLength('max-keys', query.get('max-keys')),
  };
}

export function listObjectVersionsParameters(query: Query): ListObjectVersionsParameters {
  const keyMarker = query.get('key-marker') ?? '';
  const versionIdMarker = query.get('version-id-marker') || undefined;
  if (versionIdMarker !== undefined && keyMarker === '') {
    const message = 'A version-id marker cannot be specified without a key marker.';
    throw invalidArgument(message, 'version-id-marker', versionIdMarker);
  }
  return { ...keyListing(query), keyMarker, versionIdMarker, maxKeys: pageLength('max-keys', query.get('max-keys')) };
}

export function listMultipartUploadsParameters(query: Query): ListMultipartUploadsParameters {
  const keyMarker = query.get('key-marker') ?? '';
  return {
    ...keyListing(query),
    keyMarker,
    // Without a key it says nothing, and AWS passes over it.
    uploadIdMarker: keyMarker === '' ? undefined : query.get('upload-id-marker') || undefined,
    maxUploads: pageLength('max-uploads', query.get('max-uploads')),
  };
}

export function listPartsParameters(query: Query): ListPartsParameters {
  return {
    uploadId: query.get('uploadId') ?? '',
    partNumberMarker: marker('part-number-marker', query.get('part-number-marker')),
    maxParts: pageLength('max-parts', query.get('max-parts')),
  };
}

export function listBucketsParameters(query: Query): ListBucketsParameters {
  return {
    prefix: query.get('prefix') || undefined,
    bucketRegion: query.get('bucket-region') || undefined,
    continuationToken: continuationToken(query),
    maxBuckets: maxBuckets(query.get('max-buckets')),
  };
}

function maxBuckets(text: string | undefined): number | undefined {
  if (text === undefined || text === '') return undefined;
  const value = integer(text);
  if (value === undefined || value < 1 || value > 10_000) {
    throw invalidArgument('Argument max-buckets must be an integer between 1 and 10000.', 'max-buckets', text);
  }
  return value;
}

function keyListing(query: Query): KeyListing {
  return {
    prefix: query.get('prefix') ?? '',
    delimiter: query.get('delimiter') || undefined,
    encodingType: encodingType(query.get('encoding-type')),
  };
}

function encodingType(text: string | undefined): EncodingType {
  if (text === undefined) return undefined;
  if (text.toLowerCase() === 'url') return 'url';
  throw invalidArgument('Invalid Encoding Method specified in Request', 'encoding-type', text);
}

function continuationToken(query: Query): string | undefined {
  const token = query.get('continuation-token');
  if (token === '') throw invalidArgument('The continuation token provided is incorrect', 'continuation-token', token);
  return token;
}
