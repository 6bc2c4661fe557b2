import assert from 'node:assert/strict';
import { hexText } from '../../../base/bytes.js';
import { monotonicMs } from '../../../base/instants.js';
import { isCairnError } from '../../../base/errors.js';
import { objectClasses } from '../../../osd/classes/all.js';
import { decodeLock, encodeLock, type LockState } from '../../../osd/classes/lock.js';
import { type ClassContext, type ClassReader, findMethod } from '../../../osd/classes/object-class.js';
import { decodeHeader, encodeHeader } from '../../../wire/header-codec.js';

const noContext: ClassContext = {
  payload: new Uint8Array(0),
  clock: { now: () => monotonicMs(0), wall: () => undefined },
};

/** An object that has attributes only. */
class Lockable {
  readonly attributes = new Map<string, Uint8Array>();

  async call(method: string, input: unknown): Promise<unknown> {
    const none = (): Promise<never> => Promise.reject(new Error('locks look at attributes only'));
    const reader: ClassReader = {
      stat: none,
      read: none,
      omapHead: none,
      omapBody: none,
      omapList: none,
      attribute: (name) => Promise.resolve(this.attributes.get(name)),
    };
    const bytes = input instanceof Uint8Array ? input : encodeHeader(input);
    const { changes, output } = await findMethod(objectClasses, 'lock', method)(reader, bytes, noContext);
    for (const change of changes) {
      if (change.kind === 'set-attribute') this.attributes.set(change.name, change.value);
      else if (change.kind === 'remove-attribute') this.attributes.delete(change.name);
      else assert.fail(change.kind);
    }
    return decodeHeader(output, 0, output.byteLength);
  }
}

const ask = (owner: string, kind: string, tag = 't', cookie = 'c') => {
  return { name: 'l', owner, cookie, description: 'for a test', kind, tag };
};
const isBusy = (error: unknown) => isCairnError(error, 'CONFLICT') && Array.isArray(error.details['holders']);

describe('osd/classes: locks', () => {
  it('an exclusive one has one holder, who may take it again', async () => {
    const object = new Lockable();
    await object.call('acquire', ask('a', 'exclusive'));
    await object.call('acquire', ask('a', 'exclusive'));
    await assert.rejects(object.call('acquire', ask('b', 'exclusive')), isBusy);
    await assert.rejects(object.call('acquire', ask('b', 'shared')), isBusy);
    await assert.rejects(object.call('acquire', ask('a', 'exclusive', 't', 'another')), isBusy);
    await object.call('release', { name: 'l', owner: 'a', cookie: 'c' });
    assert.equal(object.attributes.size, 0);
    await object.call('acquire', ask('b', 'shared'));
  });

  it('a shared one has several, of one tag', async () => {
    const object = new Lockable();
    await object.call('acquire', ask('a', 'shared'));
    await object.call('acquire', ask('b', 'shared'));
    await assert.rejects(object.call('acquire', ask('c', 'shared', 'other')), isBusy);
    await assert.rejects(object.call('acquire', ask('c', 'exclusive')), isBusy);
    const { holders } = (await object.call('info', { name: 'l' })) as LockState;
    assert.deepEqual(
      holders.map(({ owner }) => owner),
      ['a', 'b'],
    );
  });

  it('is broken by whoever names its holder, and released by nobody else', async () => {
    const object = new Lockable();
    await object.call('acquire', ask('a', 'exclusive'));
    const of = (owner: string) => ({ name: 'l', owner, cookie: 'c' });
    await assert.rejects(object.call('release', of('b')), (error) => isCairnError(error, 'NOT_FOUND'));
    await object.call('break', of('a'));
    await assert.rejects(object.call('release', of('a')), (error) => isCairnError(error, 'NOT_FOUND'));
  });

  it('refuses what is no request, by typed errors', async () => {
    const object = new Lockable();
    const inputs = [
      {},
      { name: 1 },
      [],
      null,
      ask('a', 'neither'),
      { ...ask('a', 'shared'), owner: 'x'.repeat(2_000) },
    ];
    for (const input of [...inputs, Uint8Array.of(0xc1, 0xff)]) {
      await assert.rejects(object.call('acquire', input), (error) => isCairnError(error), JSON.stringify(input));
    }
  });

  it('stands in its attribute as it did', () => {
    const state: LockState = {
      kind: 'shared',
      tag: 'ä',
      holders: [{ owner: 'client.1', cookie: '', description: 'd' }],
    };
    const bytes = encodeLock(state);
    assert.equal(hexText(bytes), '010202c3a40108636c69656e742e31000164');
    assert.deepEqual(decodeLock(bytes), state);
    for (let end = 0; end < bytes.byteLength; end++) {
      assert.throws(
        () => decodeLock(bytes.subarray(0, end)),
        (error) => isCairnError(error, 'PARSE_ERROR'),
      );
    }
  });
});
