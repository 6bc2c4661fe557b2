import { invariant } from '../base/invariant.js';
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
  | { readonly kind: 'idle' }
  /** hello sent, reply awaited. */
  | { readonly kind: 'greeted'; readonly sent: Uint8Array }
  /** proof sent, welcome awaited. */
  | { readonly kind: 'proving'; readonly hellos: SessionHellos; readonly expected: Uint8Array | undefined }
  | { readonly kind: 'over' };

/** The dialer's end of a handshake. `key` is the dialer's own; without one nothing is proven either way. */
export class DialerHandshake {
  readonly #hello: Hello;
  readonly #key: Uint8Array | undefined;
  readonly #expected: PeerExpectation;
  #state: State = { kind: 'idle' };

  constructor(hello: Hello, key: Uint8Array | undefined, expected: PeerExpectation) {
    invariant(hello.authenticates === (key !== undefined), 'a dialer authenticates exactly when it has a key');
    this.#hello = hello;
    this.#key = key;
    this.#expected = expected;
  }

  /** idle -> greeted */
  start(): HandshakeOutput[] {
    invariant(this.#state.kind === 'idle', 'a handshake starts once');
    const sent = encodeHello(this.#hello);
    this.#state = { kind: 'greeted', sent };
    return [{ kind: 'send', bytes: encodeHandshakeMessage(handshakeTypes.hello, sent) }];
  }

  step(input: HandshakeInput): HandshakeOutput[] {
    if (input.kind !== 'message' || this.#state.kind === 'over') return [];
    const { message } = input;
    try {
      if (message.type === handshakeTypes.refused) return this.#fail(refusedBy(message.body));
      if (this.#state.kind === 'greeted') return this.#onReply(message, this.#state.sent);
      if (this.#state.kind === 'proving') return this.#onWelcome(message, this.#state.hellos, this.#state.expected);
      throw unexpected(message);
    } catch (error) {
      this.#state = { kind: 'over' };
      return refuse(toCairnError(error));
    }
  }

  /** greeted -> proving */
  #onReply(message: HandshakeMessage, sent: Uint8Array): HandshakeOutput[] {
    if (message.type !== handshakeTypes.reply) throw unexpected(message);
    const theirs = decodeHello(message.body);
    const agreed = agree(this.#hello, theirs, this.#expected);
    const transcript = transcriptOf(sent, message.body);
    const proof = this.#key === undefined ? emptyBytes : proofOf('dialer', this.#key, transcript);
    const expected = this.#key === undefined ? undefined : proofOf('acceptor', this.#key, transcript);
    const hellos = { mine: this.#hello, theirs, sent, received: message.body, agreed };
    this.#state = { kind: 'proving', hellos, expected };
    return [{ kind: 'send', bytes: encodeHandshakeMessage(handshakeTypes.proof, proof) }];
  }

  /** proving -> over */
  #onWelcome(message: HandshakeMessage, hellos: SessionHellos, expected: Uint8Array | undefined): HandshakeOutput[] {
    if (message.type !== handshakeTypes.welcome) throw unexpected(message);
    if (expected !== undefined && !isProof(expected, message.body)) throw notAuthenticated(hellos.theirs.name);
    this.#state = { kind: 'over' };
    return [{ kind: 'done', session: makeSession('dialer', hellos, expected !== undefined) }];
  }

  #fail(error: ReturnType<typeof refusedBy>): HandshakeOutput[] {
    this.#state = { kind: 'over' };
    return [{ kind: 'failed', error }];
  }
}
