import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { emptyBytes, hexText } from '../../base/bytes.js';
import { CairnError, isCairnError, type ErrorCode } from '../../base/errors.js';
import { AcceptorHandshake } from '../../wire/acceptor-handshake.js';
import { DialerHandshake } from '../../wire/dialer-handshake.js';
import type { HandshakeInput, HandshakeOutput } from '../../wire/handshake.js';
import {
  encodeHandshakeMessage,
  HandshakeReader,
  handshakeTypes,
  type HandshakeMessage,
} from '../../wire/handshake-message.js';
import { decodeHeader, encodeHeader } from '../../wire/header-codec.js';
import { decodeHello, encodeHello, type Hello } from '../../wire/hello.js';
import { defaultReceiveLimits, fitsWindow } from '../../wire/limits.js';
import type { PeerExpectation, Session } from '../../wire/session.js';

const key = new Uint8Array(32).fill(1);
const otherKey = new Uint8Array(32).fill(2);
/** hello, reply, proof, welcome. */
const goldenMessages = [
  '43524e570100aa007774b5888aa776657273696f6e920101a9737570706f72746564d30000000000000000a87265717569726564d30000000000000000a46e616d65a56f73642e31a4726f6c65a36f7364a466736964a3662d31a56e6f6e6365c4201111111111111111111111111111111111111111111111111111111111111111ad61757468656e74696361746573c3a9636865636b73756d73c3a66c696d69747394ce00100000ce02000000ce04000000cd0200',
  '43524e570200aa001aa5714a8aa776657273696f6e920101a9737570706f72746564d30000000000000000a87265717569726564d30000000000000000a46e616d65a56f73642e32a4726f6c65a36f7364a466736964a3662d31a56e6f6e6365c4202222222222222222222222222222222222222222222222222222222222222222ad61757468656e74696361746573c3a9636865636b73756d73c3a66c696d69747394ce00100000ce02000000ce04000000cd0200',
  '43524e57030020005f8ef4900f7315d8db7d1d4e01c33f6cb25bc90f66c2ba515498c49bad758bbbbb4ccfbc',
  '43524e5704002000ac6882c0f7ea5aeb800a17fe34ed9474a289781ada824a4b8b3e5f93e68ce631e2049420',
];

const decoy = new Uint8Array(32).fill(3);

const hello = (overrides: Partial<Hello> = {}): Hello => ({
  versionMin: 1,
  versionMax: 1,
  featuresSupported: 0n,
  featuresRequired: 0n,
  name: 'osd.1',
  role: 'osd',
  fsid: 'f-1',
  nonce: new Uint8Array(32).fill(0x11),
  authenticates: true,
  checksums: true,
  limits: defaultReceiveLimits,
  ...overrides,
});

const acceptorHello = (overrides: Partial<Hello> = {}): Hello =>
  hello({ name: 'osd.2', nonce: new Uint8Array(32).fill(0x22), ...overrides });

/** Bytes on the wire to messages, as the other end reads them. */
function messages(outputs: readonly HandshakeOutput[]): HandshakeMessage[] {
  const reader = new HandshakeReader();
  const found: HandshakeMessage[] = [];
  for (const output of outputs) {
    if (output.kind !== 'send') continue;
    const { message } = reader.take(output.bytes, 0);
    if (message !== undefined) found.push(message);
  }
  return found;
}

interface Outcome {
  session?: Session;
  error?: CairnError;
}

interface Scene {
  dialer?: Partial<Hello>;
  acceptor?: Partial<Hello>;
  dialerKey?: Uint8Array | undefined;
  keys?: Readonly<Record<string, Uint8Array>>;
  dialerExpects?: PeerExpectation;
  acceptorExpects?: PeerExpectation;
  /** Of the keyring, in place of `keys`. */
  answer?: (lookup: { readonly isFresh: boolean }) => HandshakeInput;
  /** What happens to a message on its way. */
  tamper?: (message: HandshakeMessage, from: 'dialer' | 'acceptor') => HandshakeMessage;
}

/** What the keyring says, one answer after the other. */
function playWithKeys(answers: readonly (Uint8Array | CairnError | undefined)[]) {
  const lookups: boolean[] = [];
  const answer = ({ isFresh }: { readonly isFresh: boolean }): HandshakeInput => {
    const said = answers[lookups.length];
    lookups.push(isFresh);
    return said instanceof CairnError ? { kind: 'no-key', error: said } : { kind: 'key', key: said };
  };
  return { ...play({ answer }), lookups };
}

/** Runs both ends against each other until neither has anything to say. */
function play(scene: Scene): { dialer: Outcome; acceptor: Outcome; seen: HandshakeMessage[] } {
  const dialerKey = 'dialerKey' in scene ? scene.dialerKey : key;
  const keys = scene.keys ?? { 'osd.1': key };
  const authenticates = dialerKey !== undefined;
  const dialer = new DialerHandshake(hello({ authenticates, ...scene.dialer }), dialerKey, scene.dialerExpects ?? {});
  const acceptor = new AcceptorHandshake(acceptorHello(scene.acceptor), decoy, scene.acceptorExpects ?? {});
  const outcomes: { dialer: Outcome; acceptor: Outcome } = { dialer: {}, acceptor: {} };
  const seen: HandshakeMessage[] = [];
  const handle = (from: 'dialer' | 'acceptor', outputs: readonly HandshakeOutput[]): void => {
    for (const output of outputs) {
      if (output.kind === 'done') outcomes[from].session = output.session;
      if (output.kind === 'failed') outcomes[from].error = output.error;
      if (output.kind !== 'lookup') continue;
      handle(from, acceptor.step(scene.answer?.(output) ?? { kind: 'key', key: keys[output.name] }));
    }
    for (const message of messages(outputs)) {
      const arriving = scene.tamper?.(message, from) ?? message;
      seen.push(arriving);
      if (from === 'dialer') handle('acceptor', acceptor.step({ kind: 'message', message: arriving }));
      else handle('dialer', dialer.step({ kind: 'message', message: arriving }));
    }
  };
  handle('dialer', dialer.start());
  return { ...outcomes, seen };
}

/** The same message with one field of its map changed. */
function edited(message: HandshakeMessage, change: (fields: Record<string, unknown>) => void): HandshakeMessage {
  const fields = decodeHeader(message.body, 0, message.body.byteLength) as Record<string, unknown>;
  change(fields);
  return { type: message.type, body: encodeHeader(fields) };
}

describe('wire: handshake', () => {
  it('both ends learn who the other is and what they share', () => {
    const { dialer, acceptor } = play({
      dialer: { featuresSupported: 0b0111n },
      acceptor: { featuresSupported: 0b1110n },
    });
    assert.equal(dialer.session?.peer.name, 'osd.2');
    assert.equal(acceptor.session?.peer.name, 'osd.1');
    assert.equal(dialer.session.features, 0b0110n);
    assert.equal(acceptor.session.features, 0b0110n);
    assert.equal(dialer.session.authenticated, true);
    assert.equal(acceptor.session.authenticated, true);
    assert.deepEqual(dialer.session.checksumSeeds?.send, acceptor.session.checksumSeeds?.receive);
    assert.deepEqual(dialer.session.checksumSeeds?.receive, acceptor.session.checksumSeeds?.send);
    assert.notEqual(dialer.session.checksumSeeds?.send, dialer.session.checksumSeeds?.receive);
  });

  it('the bytes of each message stay as they are', () => {
    const { seen } = play({});
    const bytes = seen.map((m) => hexText(encodeHandshakeMessage(m.type as 1, m.body)));
    assert.deepEqual(bytes, goldenMessages);
    assert.equal(
      hexText(encodeHandshakeMessage(5, encodeHeader({ code: 'CLOSED', message: 'x' }))),
      '43524e5705001700b675029982a4636f6465a6434c4f534544a76d657373616765a178',
    );
  });

  const versions: { dialer: [number, number]; acceptor: [number, number]; version?: number }[] = [
    { dialer: [1, 3], acceptor: [1, 2], version: 2 },
    { dialer: [1, 2], acceptor: [1, 3], version: 2 },
    { dialer: [2, 5], acceptor: [1, 3], version: 3 },
    { dialer: [1, 1], acceptor: [1, 1], version: 1 },
    { dialer: [3, 3], acceptor: [1, 3], version: 3 },
    { dialer: [3, 4], acceptor: [1, 2] },
    { dialer: [1, 2], acceptor: [3, 4] },
  ];
  for (const {
    dialer: [dMin, dMax],
    acceptor: [aMin, aMax],
    version,
  } of versions) {
    const title = version === undefined ? 'refuse each other, both saying why' : `agree on ${version}`;
    it(`versions ${dMin} to ${dMax} and ${aMin} to ${aMax} ${title}`, () => {
      const { dialer, acceptor } = play({
        dialer: { versionMin: dMin, versionMax: dMax },
        acceptor: { versionMin: aMin, versionMax: aMax },
      });
      assert.equal(dialer.session?.version, version);
      assert.equal(acceptor.session?.version, version);
      if (version !== undefined) return;
      for (const end of [dialer, acceptor]) {
        assert.ok(isCairnError(end.error, 'VERSION_MISMATCH'));
        assert.match(end.error.message, /osd\.1 .* versions|versions .* osd\.1/);
        assert.match(end.error.message, /upgrade/);
      }
    });
  }

  const refusals: { name: string; scene: Scene; code: ErrorCode; says: RegExp }[] = [
    {
      name: 'a feature that the acceptor requires and the dialer lacks',
      scene: { acceptor: { featuresRequired: 4n } },
      code: 'VERSION_MISMATCH',
      says: /0x4 that osd\.1 lacks/,
    },
    {
      name: 'a feature that the dialer requires and the acceptor lacks',
      scene: { dialer: { featuresRequired: 4n } },
      code: 'VERSION_MISMATCH',
      says: /0x4 that osd\.2 lacks/,
    },
    { name: 'another cluster', scene: { dialer: { fsid: 'f-9' } }, code: 'CONFLICT', says: /cluster f-9|cluster f-1/ },
    {
      name: 'a wrong key',
      scene: { dialerKey: otherKey },
      code: 'AUTHENTICATION_FAILED',
      says: /osd\.1 could not prove who it is/,
    },
    {
      name: 'an unknown name',
      scene: { keys: {} },
      code: 'AUTHENTICATION_FAILED',
      says: /osd\.1 could not prove who it is/,
    },
    {
      name: 'another name than expected',
      scene: { dialerExpects: { name: 'osd.5' } },
      code: 'AUTHENTICATION_FAILED',
      says: /osd\.5 was expected/,
    },
    {
      name: 'a dialer without a key where keys are required',
      scene: { dialerKey: undefined },
      code: 'AUTHENTICATION_FAILED',
      says: /osd\.1 has no keys/,
    },
    {
      name: 'an acceptor without keys for a dialer that has one',
      scene: { acceptor: { authenticates: false } },
      code: 'AUTHENTICATION_FAILED',
      says: /osd\.2 has no keys/,
    },
    {
      name: 'a certificate of another name at the acceptor',
      scene: { acceptorExpects: { certificateName: 'osd.7' } },
      code: 'AUTHENTICATION_FAILED',
      says: /certificate of osd\.7/,
    },
    {
      name: 'a certificate of another name at the dialer',
      scene: { dialerExpects: { certificateName: 'osd.7' } },
      code: 'AUTHENTICATION_FAILED',
      says: /certificate of osd\.7/,
    },
  ];
  for (const { name, scene, code, says } of refusals) {
    it(`${name}: refused, and both ends say why`, () => {
      const { dialer, acceptor } = play(scene);
      assert.equal(dialer.session, undefined);
      assert.equal(acceptor.session, undefined);
      for (const end of [dialer, acceptor]) {
        assert.ok(isCairnError(end.error, code), end.error?.message);
        assert.match(end.error.message, says);
      }
    });
  }

  it('without keys on either end nothing is proven', () => {
    const { dialer, acceptor } = play({ dialerKey: undefined, acceptor: { authenticates: false } });
    assert.equal(dialer.session?.authenticated, false);
    assert.equal(acceptor.session?.authenticated, false);
  });

  it('a node that does not know its cluster yet may talk to any', () => {
    assert.ok(play({ dialer: { fsid: undefined } }).dialer.session !== undefined);
  });

  it('fields that a node does not know are ignored', () => {
    const newer = { ...decodeHeaderOf(encodeHello(hello())), compression: ['zstd'], limits: [1, 2, 1000, 4, 5] };
    assert.equal(decodeHello(encodeHeader(newer)).name, 'osd.1');
  });

  it('checksums are on when either end wants them', () => {
    assert.ok(play({ dialer: { checksums: false } }).acceptor.session?.checksumSeeds !== undefined);
    const off = play({ dialer: { checksums: false }, acceptor: { checksums: false } });
    assert.equal(off.dialer.session?.checksumSeeds, undefined);
    assert.equal(off.acceptor.session?.checksumSeeds, undefined);
  });

  it('announced windows are cut to what this end is ready to queue', () => {
    const huge = { headerBytesMax: 2 ** 50, payloadBytesMax: 2 ** 51, windowBytes: 2 ** 52, windowMessages: 2 ** 40 };
    const limits = { ...defaultReceiveLimits, ...huge };
    const decoded = decodeHello(encodeHello(hello({ limits })));
    assert.ok(decoded.limits.windowBytes <= 2 ** 28);
    assert.ok(decoded.limits.windowMessages <= 65536);
    assert.ok(fitsWindow(decoded.limits), 'what passes the limits must fit the window, or it would wait for ever');
  });
});

describe('wire: attacks on the handshake', () => {
  const fields = ['version', 'supported', 'required', 'name', 'role', 'fsid', 'nonce', 'checksums', 'limits'];
  const changes: Record<string, unknown> = {
    version: [1, 1],
    supported: 0n,
    required: 0n,
    name: 'osd.3',
    role: 'monitor',
    fsid: null,
    nonce: new Uint8Array(32).fill(0x77),
    checksums: false,
    limits: [1024, 1024, 1024 * 1024, 7],
  };
  const rich = { versionMax: 2, featuresSupported: 6n, featuresRequired: 2n };
  for (const from of ['dialer', 'acceptor'] as const) {
    for (const field of fields) {
      it(`the ${from}'s ${field}, changed on the way (a downgrade), is found out by both`, () => {
        const { dialer, acceptor } = play({
          dialer: rich,
          acceptor: rich,
          keys: { 'osd.1': key, 'osd.3': key },
          tamper: (message, sender) =>
            sender === from && (message.type === handshakeTypes.hello || message.type === handshakeTypes.reply)
              ? edited(message, (map) => {
                  map[field] = changes[field];
                })
              : message,
        });
        assert.equal(dialer.session, undefined);
        assert.equal(acceptor.session, undefined);
      });
    }
  }

  it('switching authentication off on the way is found out', () => {
    const { dialer, acceptor } = play({
      tamper: (message) =>
        message.type <= handshakeTypes.reply ? edited(message, (map) => (map['authenticates'] = false)) : message,
    });
    assert.equal(dialer.session, undefined);
    assert.equal(acceptor.session, undefined);
  });

  it('an unknown name and a wrong key get the same answer, byte for byte', () => {
    const answers = [play({ keys: {} }), play({ dialerKey: otherKey })].map(({ seen }) => seen.at(-1));
    assert.equal(answers[0]?.type, handshakeTypes.refused);
    assert.deepEqual(answers[0], answers[1]);
  });

  it('a node is not fooled by its own messages sent back to it', () => {
    const dialer = new DialerHandshake(hello(), key, {});
    const [first] = messages(dialer.start());
    assert.ok(first !== undefined);
    const outputs = dialer.step({ kind: 'message', message: { type: handshakeTypes.reply, body: first.body } });
    assert.ok(isCairnError(failureOf(outputs), 'AUTHENTICATION_FAILED'));
  });

  it('a proof reflected to the one who made it proves nothing', () => {
    const { dialer } = play({
      tamper: (() => {
        let proof: Uint8Array = emptyBytes;
        return (message) => {
          if (message.type === handshakeTypes.proof) proof = message.body;
          return message.type === handshakeTypes.welcome ? { type: message.type, body: proof } : message;
        };
      })(),
    });
    assert.ok(isCairnError(dialer.error, 'AUTHENTICATION_FAILED'));
  });

  it('a proof replayed in another conversation proves nothing', () => {
    const recorded = play({}).seen;
    const acceptor = new AcceptorHandshake(acceptorHello({ nonce: new Uint8Array(32).fill(0x33) }), decoy, {});
    const [first, , proof] = recorded;
    assert.ok(first !== undefined && proof !== undefined);
    acceptor.step({ kind: 'message', message: first });
    acceptor.step({ kind: 'message', message: proof });
    assert.deepEqual(acceptor.step({ kind: 'key', key }), [{ kind: 'lookup', name: 'osd.1', isFresh: true }]);
    assert.ok(isCairnError(failureOf(acceptor.step({ kind: 'key', key })), 'AUTHENTICATION_FAILED'));
  });

  it('a key that the keyring kept too long is looked up once more', () => {
    const { acceptor, lookups } = playWithKeys([decoy, key]);
    assert.deepEqual(lookups, [false, true]);
    assert.equal(acceptor.session?.peer.name, 'osd.1');
  });

  it('an unknown name and a wrong key take the same steps', () => {
    for (const answers of [
      [undefined, undefined],
      [decoy, decoy],
      [undefined, decoy],
    ]) {
      const { acceptor, lookups } = playWithKeys(answers);
      assert.deepEqual(lookups, [false, true]);
      assert.ok(isCairnError(acceptor.error, 'AUTHENTICATION_FAILED'));
    }
  });

  it('a keyring that does not know now is a refusal that tells the dialer why', () => {
    const error = new CairnError('DEADLINE_EXCEEDED', 'nobody answers');
    const { dialer, acceptor } = playWithKeys([error]);
    assert.equal(acceptor.error, error);
    assert.ok(isCairnError(dialer.error, 'DEADLINE_EXCEEDED'));
    assert.match(dialer.error.message, /nobody answers/);
  });

  it('an acceptor that does not know the key is found out', () => {
    const { dialer } = play({
      tamper: (message) =>
        message.type === handshakeTypes.welcome ? { type: message.type, body: new Uint8Array(32) } : message,
    });
    assert.ok(isCairnError(dialer.error, 'AUTHENTICATION_FAILED'));
  });

  it('messages in any order and of any content end in a typed error or in silence', () => {
    const real = play({}).seen;
    const anyMessage = fc.oneof(
      fc.constantFrom(...real),
      fc.record({ type: fc.integer({ min: 0, max: 255 }), body: fc.uint8Array({ maxLength: 100 }) }),
    );
    fc.assert(
      fc.property(fc.array(anyMessage, { maxLength: 6 }), (list) => {
        const acceptor = new AcceptorHandshake(acceptorHello({ nonce: new Uint8Array(32).fill(0x44) }), decoy, {});
        const dialer = new DialerHandshake(hello({ nonce: new Uint8Array(32).fill(0x55) }), key, {});
        dialer.start();
        for (const message of list) {
          for (const output of [
            ...acceptor.step({ kind: 'message', message }),
            ...dialer.step({ kind: 'message', message }),
          ]) {
            assert.notEqual(output.kind, 'done');
            if (output.kind === 'failed') assert.ok(output.error instanceof CairnError);
            if (output.kind === 'lookup') acceptor.step({ kind: 'key', key: undefined });
          }
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('a message longer than the limit, or not of this protocol, is refused by its prefix', () => {
    const long = encodeHandshakeMessage(1, new Uint8Array(5000));
    assert.throws(
      () => new HandshakeReader().take(long, 0),
      (error) => isCairnError(error, 'PROTOCOL_ERROR'),
    );
    const http = Buffer.from('GET / HTTP/1.1\r\n\r\n');
    assert.throws(
      () => new HandshakeReader().take(http, 0),
      (error) => isCairnError(error, 'PROTOCOL_ERROR'),
    );
  });

  it('a reader stops where a message ends', () => {
    const bytes = Buffer.concat([encodeHandshakeMessage(4, new Uint8Array(3)), Buffer.from('frames')]);
    const reader = new HandshakeReader();
    let offset = 0;
    for (let i = 0; i < 14; i++) offset = reader.take(bytes.subarray(0, i + 1), offset).next;
    const { next, message } = reader.take(bytes, offset);
    assert.equal(message?.body.byteLength, 3);
    assert.equal(bytes.subarray(next).toString(), 'frames');
  });
});

function decodeHeaderOf(body: Uint8Array): Record<string, unknown> {
  return decodeHeader(body, 0, body.byteLength) as Record<string, unknown>;
}

function failureOf(outputs: readonly HandshakeOutput[]): CairnError | undefined {
  const failed = outputs.find((output) => output.kind === 'failed');
  return failed?.kind === 'failed' ? failed.error : undefined;
}
