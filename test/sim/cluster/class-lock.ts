/**
 * Locks by the object class, as the model sees them: what the method decides is a guard on the lock's attribute, what it changes is
 * that attribute. So a history tells whether it decided on the object as it was, and whether all copies have what it decided.
 */
import { latin1Text } from '../../../base/bytes.js';
import { encodeLock, type LockHolder } from '../../../osd/classes/lock.js';
import { encodeHeader } from '../../../wire/header-codec.js';
import type { ObjectCall } from '../linearizability/object-call.js';

const name = 'class';
const attribute = `lock.${name}`;
const tag = '';

/** Takes the lock if nobody has it: each holder is another one. */
export function acquireLock(owner: string, cookie: string): ObjectCall {
  const holder = { owner, cookie, description: `what ${cookie} is for` };
  const input = encodeHeader({ name, kind: 'exclusive', tag, ...holder });
  return {
    guards: [{ kind: 'attribute', name: attribute, value: undefined }],
    reads: [],
    changes: [{ kind: 'set-attribute', name: attribute, value: latin1Text(stored(holder)) }],
    method: { class: 'lock', method: 'acquire', input },
  };
}

export function releaseLock(owner: string, cookie: string): ObjectCall {
  const holder = { owner, cookie, description: `what ${cookie} is for` };
  return {
    guards: [{ kind: 'attribute', name: attribute, value: stored(holder) }],
    reads: [],
    changes: [{ kind: 'remove-attribute', name: attribute }],
    method: { class: 'lock', method: 'release', input: encodeHeader({ name, owner, cookie }) },
  };
}

function stored(holder: LockHolder): Uint8Array {
  return encodeLock({ kind: 'exclusive', tag, holders: [holder] });
}
