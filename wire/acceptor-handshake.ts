import { emptyBytes } from '../base/bytes.js';
import { toCairnError } from '../base/errors.js';
import {
  notAuthenticated,
  refuse,
  refusedBy,
  unexpected,
  type HandshakeInput,
  type HandshakeOutput,
} from './handshake.js';
import { encodeHandshakeMessage, handshakeTypes, type HandshakeMessage } from './handshake-message.js';
import { decodeHello, encodeHello, type Hello } from './hello.js';
import { isProof, proofOf, transcriptOf } from './proof.js';
import { agree, makeSession, type PeerExpectation, type SessionHellos } from './session.js';

type State =
  /** hello awaited. */
  | { readonly kind: 'listening' }
  /** reply sent, proof awaited. */
  | { readonly kind: 'challenging'; readonly hellos: SessionHellos }
  /** proof received, the key awaited; `isFresh`: for the second time. */
  | {
      readonly kind: 'checking';
      readonly hellos: SessionHellos;
      readonly proof: Uint8Array;
      readonly isFresh: boolean;
    }
  | { readonly kind: 'over' };

/**
 * The acceptor's end of a handshake. `decoyKey` (32 random bytes) stands in for the key of a name that nobody has, so
 * that unknown names and wrong keys take the same steps.
 */
export class AcceptorHandshake {
  readonly #hello: Hello;
  readonly #decoyKey: Uint8Array;
  readonly #expected: PeerExpectation;
  #state: State = { kind: 'listening' };

  constructor(hello: Hello, decoyKey: Uint8Array, expected: PeerExpectation) {
    this.#hello = hello;
    this.#decoyKey = decoyKey;
    this.#expected = expected;
  }

  step(input: HandshakeInput): HandshakeOutput[] {
    if (this.#state.kind === 'over') return [];
    try {
      if (input.kind === 'key') return this.#onKey(input.key);
      if (input.kind === 'no-key') throw input.error;
      return this.#onMessage(input.message);
    } catch (error) {
      this.#state = { kind: 'over' };
      return refuse(toCairnError(error));
    }
  }

  #onMessage(message: HandshakeMessage): HandshakeOutput[] {
    if (message.type === handshakeTypes.refused) {
      this.#state = { kind: 'over' };
      return [{ kind: 'failed', error: refusedBy(message.body) }];
    }
    if (this.#state.kind === 'listening') return this.#onHello(message);
    if (this.#state.kind === 'challenging') return this.#onProof(message, this.#state.hellos);
    throw unexpected(message);
  }

  /** listening -> challenging */
  #onHello(message: HandshakeMessage): HandshakeOutput[] {
    if (message.type !== handshakeTypes.hello) throw unexpected(message);
    const theirs = decodeHello(message.body);
    const agreed = agree(this.#hello, theirs, this.#expected);
    const sent = encodeHello(this.#hello);
    this.#state = { kind: 'challenging', hellos: { mine: this.#hello, theirs, sent, received: message.body, agreed } };
    return [{ kind: 'send', bytes: encodeHandshakeMessage(handshakeTypes.reply, sent) }];
  }

  /** challenging -> checking, or over when there are no keys */
  #onProof(message: HandshakeMessage, hellos: SessionHellos): HandshakeOutput[] {
    if (message.type !== handshakeTypes.proof) throw unexpected(message);
    if (!this.#hello.authenticates) return this.#welcome(hellos, emptyBytes);
    this.#state = { kind: 'checking', hellos, proof: message.body, isFresh: false };
    return [{ kind: 'lookup', name: hellos.theirs.name, isFresh: false }];
  }

  /** checking -> over, or once again to checking: the key may have changed since the keyring learnt it */
  #onKey(known: Uint8Array | undefined): HandshakeOutput[] {
    if (this.#state.kind !== 'checking') return [];
    const { hellos, proof, isFresh } = this.#state;
    const key = known ?? this.#decoyKey;
    const transcript = transcriptOf(hellos.received, hellos.sent);
    const proven = isProof(proofOf('dialer', key, transcript), proof);
    if (!proven || known === undefined) {
      if (isFresh) throw notAuthenticated(hellos.theirs.name);
      this.#state = { kind: 'checking', hellos, proof, isFresh: true };
      return [{ kind: 'lookup', name: hellos.theirs.name, isFresh: true }];
    }
    return this.#welcome(hellos, proofOf('acceptor', key, transcript));
  }

  #welcome(hellos: SessionHellos, proof: Uint8Array): HandshakeOutput[] {
    this.#state = { kind: 'over' };
    return [
      { kind: 'send', bytes: encodeHandshakeMessage(handshakeTypes.welcome, proof) },
      { kind: 'done', session: makeSession('acceptor', hellos, this.#hello.authenticates) },
    ];
  }
}
