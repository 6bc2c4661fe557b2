/** Which operation a request asks for. */
import { invariant } from '../../base/invariant.js';
import type { HeaderMap } from '../http/request.js';
import { S3Error } from '../s3-error.js';
import type { Resource } from './addressing.js';
import { invalidArgument } from './headers.js';
import type { OperationName, Shape } from './operations.js';
import { operations } from './operations.js';
import type { Query } from './target.js';

export interface RequestShape {
  /** In upper case. */
  readonly method: string;
  readonly resource: Resource;
  readonly query: Query;
  readonly headers: HeaderMap;
}

export interface Recognised {
  readonly operation: OperationName;
  /** `s3:GetObject`; `undefined` where it depends on the body, or where nobody is asked. */
  readonly action: string | undefined;
}

interface Row extends Shape {
  readonly name: OperationName;
}

/** By kind of resource and sub-resource ('' for none); those that demand most come first. */
const index = buildIndex();
const subResources = new Set(
  [...index.keys()].map((key) => key.slice(key.indexOf(' ') + 1)).filter((sub) => sub !== ''),
);

function buildIndex(): ReadonlyMap<string, readonly Row[]> {
  const rows = new Map<string, Row[]>();
  for (const [kind, shapes] of Object.entries(operations)) {
    for (const [name, shape] of Object.entries(shapes)) {
      const key = `${kind} ${shape.sub ?? ''}`;
      // Names of the table are names of operations.
      const row = { ...shape, name: name as OperationName };
      rows.set(
        key,
        [...(rows.get(key) ?? []), row].sort((a, b) => demands(b) - demands(a)),
      );
    }
  }
  return rows;
}

function demands(row: Shape): number {
  return (row.query?.length ?? 0) + (row.header === undefined ? 0 : 1) + (row.contentType === undefined ? 0 : 1);
}

/**
 * Parameters that mean nothing are passed over. Throws InvalidArgument, InvalidRequest, MethodNotAllowed, PreconditionFailed: for what
 * means something, but not together, or not here.
 */
export function recognise(request: RequestShape): Recognised {
  const { method, resource, query } = request;
  // A browser asks for leave to send any request: the parameters are that request's.
  if (method === 'OPTIONS') return { operation: 'Options', action: undefined };
  const sub = subResourceOf(query);
  const rows = index.get(`${resource.kind} ${sub}`);
  if (rows === undefined) {
    const where = { service: 'the service', bucket: 'a bucket', object: 'a key' }[resource.kind];
    // Without this, a forgotten key would turn DELETE ?retention into the end of a bucket.
    throw new S3Error('InvalidRequest', { message: `There is no such thing as the ?${sub} sub-resource for ${where}` });
  }
  if (sub === '' && resource.kind === 'object') checkPartOfUpload(request);
  const row = rows.find((candidate) => candidate.method === method && isMet(candidate, request));
  if (row === undefined) throw refusal(request, sub, rows);
  if (request.headers.has('x-amz-copy-source') && row.header !== 'x-amz-copy-source') {
    const message = 'You can only specify a copy source header for copy requests.';
    throw invalidArgument(message, 'x-amz-copy-source', request.headers.get('x-amz-copy-source') ?? '');
  }
  const { name, action, versionAction } = row;
  return { operation: name, action: versionAction !== undefined && query.get('versionId') ? versionAction : action };
}

/** '' for none. */
function subResourceOf(query: Query): string {
  const named = [...query.names()].filter((name) => subResources.has(name));
  if (named.length > 1) {
    const message = `Conflicting query string parameters: ${named.join(', ')}`;
    throw invalidArgument(message, 'ResourceType', named[0] ?? '');
  }
  return named[0] ?? '';
}

/** A part without its upload, or an upload without a part, must not pass for a whole object. */
function checkPartOfUpload({ method, query }: RequestShape): void {
  if (method !== 'PUT' || query.has('uploadId') === query.has('partNumber')) return;
  if (query.has('uploadId')) throw methodNotAllowed(method, 'UPLOAD', ['DELETE', 'GET', 'POST']);
  const message = 'This operation does not accept partNumber without uploadId';
  throw invalidArgument(message, 'partNumber', query.get('partNumber') ?? '');
}

function isMet(row: Row, request: RequestShape): boolean {
  if (row.header !== undefined && !request.headers.has(row.header)) return false;
  if (row.contentType !== undefined && mediaType(request.headers) !== row.contentType) return false;
  return missingParameter(row, request.query) === undefined;
}

function missingParameter(row: Row, query: Query): string | undefined {
  return row.query?.find((demand) => {
    const equals = demand.indexOf('=');
    return equals < 0 ? !query.has(demand) : query.get(demand.slice(0, equals)) !== demand.slice(equals + 1);
  });
}

/** Without its parameters, in lower case. */
function mediaType(headers: HeaderMap): string {
  const text = headers.get('content-type') ?? '';
  const semicolon = text.indexOf(';');
  return (semicolon < 0 ? text : text.slice(0, semicolon)).trim().toLowerCase();
}

/** Why none of the rows is it. */
function refusal(request: RequestShape, sub: string, rows: readonly Row[]): S3Error {
  const { method, resource, query } = request;
  const nearest = rows.find((row) => row.method === method);
  if (nearest !== undefined && sub !== '') {
    const missing = missingParameter(nearest, query);
    invariant(missing !== undefined, 'rows with a sub-resource demand nothing but parameters', {
      operation: nearest.name,
    });
    const name = missing.replace(/=.*/, '');
    return invalidArgument(`The operation ?${sub} needs the parameter ${missing}.`, name, query.get(name) ?? '');
  }
  if (method === 'POST' && resource.kind === 'bucket' && sub === '') {
    const message = 'Bucket POST must be of the enclosure-type multipart/form-data';
    return new S3Error('PreconditionFailed', { fields: { Condition: message } });
  }
  const allowed = new Set(
    rows.filter((row) => row.method !== 'OPTIONS' && isMet(row, request)).map((row) => row.method),
  );
  const kind = (sub === '' ? resource.kind : sub.replaceAll('-', '')).toUpperCase();
  return methodNotAllowed(method, kind, [...allowed].sort());
}

function methodNotAllowed(method: string, resourceType: string, allowed: readonly string[]): S3Error {
  return new S3Error('MethodNotAllowed', {
    fields: { Method: method, ResourceType: resourceType },
    headers: { allow: allowed.join(', ') },
  });
}
