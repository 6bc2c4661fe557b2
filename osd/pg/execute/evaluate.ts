/**
 * A request on the state of its object: guards, reads, and what it will change. Nothing is changed here: whatever goes wrong
 * fails this request alone (DESIGN.md section 5, "Everything before the append").
 */
import { equalBytes, totalBytes } from '../../../base/bytes.js';
import { CairnError, isCairnError } from '../../../base/errors.js';
import { unreachable } from '../../../base/invariant.js';
import type { ClassCall, Guard, OpRequest, ReadPart, ReadResult } from '../../../protocol/osd-methods.js';
import { type ClassClock, findMethod, type ClassTable } from '../../classes/object-class.js';
import { showObject, type ObjectId } from '../../store/object-id.js';
import type { ObjectReader, ReadOptions } from '../../store/read/object-reader.js';
import type { ReadBuffers } from '../../store/read/read-buffers.js';
import { refusal } from '../refusals.js';
import { ChangeList } from './change-list.js';
import type { Evaluated } from './evaluated.js';
import { listOmap, ObjectView } from './object-view.js';

export interface EvaluateOptions {
  readonly classes: ClassTable;
  readonly clock: ClassClock;
  /** What is read goes there. `undefined`: to memory that is collected. */
  readonly buffers: ReadBuffers | undefined;
}

/**
 * Throws what the request is answered with: a failed guard, `NOT_FOUND` of a read, what a class threw, `INVALID_ARGUMENT`.
 * The object is the caller's until what comes of it is applied.
 */
export async function evaluate(
  objects: ObjectReader,
  object: ObjectId,
  request: OpRequest,
  payload: Uint8Array,
  { classes, clock, buffers }: EvaluateOptions,
): Promise<Evaluated> {
  const view = new ObjectView(objects, object);
  for (const [index, guard] of request.guards.entries()) {
    if (await holds(view, guard)) continue;
    const message = `${showObject(object)} is not as the request wants it: guard ${index} (${guard.kind}) does not hold`;
    throw refusal('CONFLICT', 'guard', message, { details: { guard: index } });
  }
  const results: ReadResult[] = [];
  const read: Uint8Array[] = [];
  for (const part of request.reads) results.push(await readPart(objects, view, part, { payload: read, buffers }));
  const changes = await ChangeList.begin(view, request);
  let rest = payload;
  for (const change of request.changes) rest = changes.add(change, rest);
  let output: Uint8Array | undefined;
  let data: readonly Uint8Array[] = [];
  if (request.call !== undefined) {
    const { call } = request;
    const context = { payload: rest.subarray(0, payloadOfCall(object, call, rest)), clock };
    const result = await findMethod(classes, call.class, call.method)(view, call.input, context);
    ({ output, data = [] } = result);
    for (const change of result.changes) changes.addOfClass(change);
  }
  const { mutations, costBytes, version } = await changes.finish();
  return { results, payload: [...read, ...data], output, outputBytes: totalBytes(data), mutations, costBytes, version };
}

function payloadOfCall(object: ObjectId, { bytes = 0 }: ClassCall, rest: Uint8Array): number {
  if (Number.isSafeInteger(bytes) && bytes >= 0 && bytes <= rest.byteLength) return bytes;
  throw new CairnError('INVALID_ARGUMENT', `${showObject(object)}: the payload is shorter than what the call takes`);
}

async function holds(view: ObjectView, guard: Guard): Promise<boolean> {
  const info = await view.info();
  switch (guard.kind) {
    case 'exists':
      return info !== undefined;
    case 'absent':
      return info === undefined;
    case 'version':
      return info?.version.term === guard.term && info.version.seq === guard.seq;
    case 'size':
      return info?.size === guard.size;
    case 'attribute':
      return isSame(info?.attributes.get(guard.name), guard.value);
    case 'omap-head':
      return isSame(info === undefined ? undefined : await view.omapHead(guard.key), guard.head);
    default:
      return unreachable(guard);
  }
}

function isSame(found: Uint8Array | undefined, wanted: Uint8Array | undefined): boolean {
  return found === undefined || wanted === undefined ? found === wanted : equalBytes(found, wanted);
}

async function readPart(
  objects: ObjectReader,
  view: ObjectView,
  part: ReadPart,
  { payload, buffers }: { readonly payload: Uint8Array[]; readonly buffers: ReadBuffers | undefined },
): Promise<ReadResult> {
  const { object } = view;
  switch (part.kind) {
    case 'stat':
      return { kind: 'stat', stat: await view.stat() };
    case 'read': {
      const pieces = await readData(objects, object, part, { mayBeCached: true, buffers });
      payload.push(...pieces);
      return { kind: 'read', bytes: pieces.reduce((sum, piece) => sum + piece.byteLength, 0) };
    }
    case 'attributes':
      return { kind: 'attributes', attributes: [...((await view.info())?.attributes ?? [])] };
    case 'omap-get': {
      const item = await objects.omapGet(object, part.key);
      return { kind: 'omap-get', head: item?.head, slots: item?.slots ?? [] };
    }
    case 'omap-body': {
      const body = await objects.omapBody(object, part.key, part.slot as 0, { mayBeCached: true, buffers });
      if (body !== undefined) payload.push(body);
      return { kind: 'omap-body', bytes: body?.byteLength };
    }
    case 'omap-list': {
      // One more than asked for tells whether there are more.
      const found = await listOmap(objects, object, { ...part, count: part.count + 1 });
      return { kind: 'omap-list', entries: found.slice(0, part.count), isMore: found.length > part.count };
    }
    default:
      return unreachable(part);
  }
}

async function readData(
  objects: ObjectReader,
  object: ObjectId,
  { offset, bytes }: { readonly offset: number; readonly bytes: number },
  options: ReadOptions,
): Promise<readonly Uint8Array[]> {
  try {
    return await objects.read(object, offset, bytes, options);
  } catch (error) {
    if (!isCairnError(error, 'NOT_FOUND')) throw error;
    throw refusal('NOT_FOUND', 'object', `${showObject(object)} does not exist`);
  }
}
