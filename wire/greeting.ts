/**
 * The shell around a handshake: moves its messages over a connection within a deadline, and then hands the connection,
 * with the bytes that already followed, to whoever uses it.
 */
import { CairnError, isCairnError, toCairnError } from '../base/errors.js';
import type { Timer } from '../runtime/clock.js';
import type { Connection } from '../runtime/network.js';
import type { AcceptorHandshake } from './acceptor-handshake.js';
import type { DialerHandshake } from './dialer-handshake.js';
import type { HandshakeInput, HandshakeOutput } from './handshake.js';
import { HandshakeReader } from './handshake-message.js';
import type { WireRuntime } from './peer-connection.js';
import type { Session } from './session.js';

/** What is done with a connection once both ends know each other. */
export interface ConnectionUser {
  data(viewChunk: Uint8Array): void;
  ended(): void;
  gone(error: CairnError | undefined): void;
}

export interface GreetingCollaborators {
  readonly connection: Connection;
  readonly handshake: DialerHandshake | AcceptorHandshake;
  /** Finds a dialer's key; only acceptors ask. */
  readonly keyFor: (name: string, isFresh: boolean) => Uint8Array | undefined | Promise<Uint8Array | undefined>;
  /** The handshake succeeded: returns who receives the connection from here on. */
  readonly onSession: (session: Session) => ConnectionUser;
  /** It failed; called once, instead of `onSession`. */
  readonly onFailed: (error: CairnError) => void;
  /** The connection is closed, after failure or use. Called once, last. */
  readonly onGone: () => void;
}

/** How long a refusal may take to reach the peer before the connection is dropped. */
const lingerMs = 500;

export class Greeting {
  readonly #runtime: Pick<WireRuntime, 'clock'>;
  readonly #with: GreetingCollaborators;
  readonly #reader = new HandshakeReader();
  #timer: Timer | undefined;
  #user: ConnectionUser | undefined;
  #isOver = false;
  #hasHeard = false;

  /** Starts at once. `handshakeMs` bounds it as a whole. */
  constructor(
    runtime: Pick<WireRuntime, 'clock'>,
    options: { readonly handshakeMs: number },
    collaborators: GreetingCollaborators,
  ) {
    this.#runtime = runtime;
    this.#with = collaborators;
    this.#timer = runtime.clock.after(options.handshakeMs, () => {
      this.#fail(
        new CairnError('DEADLINE_EXCEEDED', `the handshake took longer than ${options.handshakeMs} ms`),
        'drop',
      );
    });
    collaborators.connection.start({
      onData: (viewChunk) => (this.#user === undefined ? this.#onData(viewChunk) : this.#user.data(viewChunk)),
      onEnd: () => (this.#user === undefined ? this.#onEnd() : this.#user.ended()),
      onClose: (error) => this.#onClose(error),
    });
    if ('start' in collaborators.handshake) this.#perform(collaborators.handshake.start());
  }

  /** Ends a greeting that is still in progress. */
  abort(error: CairnError): void {
    this.#fail(error, 'drop');
  }

  #onData(viewChunk: Uint8Array): void {
    this.#hasHeard = true;
    let offset = 0;
    while (offset < viewChunk.byteLength && !this.#isOver) {
      const taken = this.#take(viewChunk, offset);
      if (taken === undefined) return;
      offset = taken;
    }
    if (offset < viewChunk.byteLength) this.#user?.data(viewChunk.subarray(offset));
  }

  #take(viewChunk: Uint8Array, offset: number): number | undefined {
    try {
      const { next, message } = this.#reader.take(viewChunk, offset);
      if (message !== undefined) this.#step({ kind: 'message', message });
      return next;
    } catch (error) {
      this.#fail(toCairnError(error), 'drop');
      return undefined;
    }
  }

  #onEnd(): void {
    const sentence = this.#hasHeard ? 'during the handshake' : 'without a word';
    const details = this.#hasHeard ? {} : { saidNothing: true };
    this.#fail(new CairnError('CONNECTION_LOST', `the peer closed the connection ${sentence}`, { details }), 'drop');
  }

  #onClose(error: CairnError | undefined): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    const lost = new CairnError('CONNECTION_LOST', 'the connection broke during the handshake', { cause: error });
    if (this.#user === undefined) this.#fail(lost, 'drop');
    else this.#user.gone(error);
    this.#with.onGone();
  }

  #step(input: HandshakeInput): void {
    if (!this.#isOver) this.#perform(this.#with.handshake.step(input));
  }

  #perform(outputs: readonly HandshakeOutput[]): void {
    for (const output of outputs) {
      switch (output.kind) {
        case 'send':
          // A send that fails is followed by `onClose`, which says so once.
          this.#with.connection.send([output.bytes]).catch(() => {});
          break;
        case 'lookup':
          this.#lookUp(output.name, output.isFresh);
          break;
        case 'done':
          this.#isOver = true;
          this.#timer?.cancel();
          this.#timer = undefined;
          this.#user = this.#with.onSession(output.session);
          break;
        case 'failed':
          this.#fail(output.error, 'linger');
          break;
      }
    }
  }

  #lookUp(name: string, isFresh: boolean): void {
    Promise.resolve()
      .then(() => this.#with.keyFor(name, isFresh))
      .then(
        (key) => this.#step({ kind: 'key', key }),
        // The peer hears why, but nothing of what went wrong in here.
        (error: unknown) => this.#step({ kind: 'no-key', error: isCairnError(error) ? error : unknowing(error) }),
      );
  }

  #fail(error: CairnError, how: 'linger' | 'drop'): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#timer?.cancel();
    this.#timer = undefined;
    const { connection } = this.#with;
    if (how === 'drop') {
      connection.destroy();
    } else {
      connection.end();
      this.#timer = this.#runtime.clock.after(lingerMs, () => connection.destroy());
    }
    this.#with.onFailed(error);
  }
}

function unknowing(cause: unknown): CairnError {
  return new CairnError('INTERNAL', 'the key could not be looked up; the log of the acceptor says why', { cause });
}
