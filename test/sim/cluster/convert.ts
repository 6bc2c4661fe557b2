/** Between the calls of the model and those of `client/`. */
import { concatBytes, latin1Bytes, latin1Text } from '../../../base/bytes.js';
import { type CairnError, isCairnError } from '../../../base/errors.js';
import type { Operation, Outcome } from '../../../client/operation.js';
import type { ChangePart } from '../../../protocol/osd-methods.js';
import type { CallOutcome, ModelChange, ObjectCall, ObservedRead } from '../linearizability/object-call.js';
import { versionNumber } from '../linearizability/object-state.js';
import { readOf } from '../linearizability/perform.js';

export function operationOf({ guards, reads, changes, method }: ObjectCall): Operation {
  if (method !== undefined) return { guards: guards.slice(1), reads, call: method };
  const payload = concatBytes(changes.flatMap((change) => ('data' in change ? [change.data] : [])));
  return { guards, reads, changes: changes.map(partOf), payload };
}

function partOf(change: ModelChange): ChangePart {
  switch (change.kind) {
    case 'write':
      return { kind: 'write', offset: change.offset, bytes: change.data.byteLength };
    case 'write-full':
    case 'append':
      return { kind: change.kind, bytes: change.data.byteLength };
    case 'set-attribute':
      return { kind: 'set-attribute', name: change.name, value: latin1Bytes(change.value) };
    case 'omap-set':
      return { kind: 'omap-set', key: change.key, head: latin1Bytes(change.head), bodies: [] };
    case 'create':
    case 'remove':
    case 'truncate':
    case 'zero':
    case 'remove-attribute':
    case 'omap-remove':
    case 'omap-remove-range':
      return change;
  }
}

export function outcomeOf({ version, results, bytes }: Outcome): CallOutcome {
  return {
    kind: 'done',
    version: version === undefined ? undefined : versionNumber(version),
    results: results.map((result, i) => observed(result, bytes[i])),
  };
}

function observed(result: Outcome['results'][number], bytes: Uint8Array | undefined): ObservedRead {
  switch (result.kind) {
    case 'stat': {
      const { stat } = result;
      return { kind: 'stat', stat: stat && { size: stat.size, version: versionNumber(stat.version) } };
    }
    case 'read':
      return readOf(bytes ?? new Uint8Array(0));
    case 'attributes':
      return {
        kind: 'attributes',
        attributes: new Map(result.attributes.map(([name, value]) => [name, latin1Text(value)])),
      };
    case 'omap-get':
      return { kind: 'omap-get', head: result.head && latin1Text(result.head) };
    case 'omap-list': {
      const entries = result.entries.map(([key, head]) => [key, latin1Text(head)] as const);
      return { kind: 'omap-list', entries, isMore: result.isMore };
    }
    case 'omap-body':
      throw new Error('nobody asked for a body');
  }
}

/** What an error tells of the object; `undefined` when it tells nothing. */
export function outcomeOfError({ method }: ObjectCall, error: CairnError): CallOutcome | undefined {
  const { details } = error;
  if (method !== undefined && isDecision(error)) return { kind: 'guard-failed', guard: 0 };
  if (details['refusal'] === 'guard') return { kind: 'guard-failed', guard: Number(details['guard']) };
  if (details['refusal'] === 'object') return { kind: 'no-object' };
  return undefined;
}

/** Of the class `lock`: somebody has it, or who gives it back has not. */
function isDecision(error: CairnError): boolean {
  const { details, applied } = error;
  if (applied !== 'no') return false;
  return details['holders'] !== undefined || (isCairnError(error, 'NOT_FOUND') && details['refusal'] === undefined);
}
