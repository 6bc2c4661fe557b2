/** One established socket, TCP or TLS, dressed as a `Connection`. */
import type { Socket } from 'node:net';
import { viewBuffer } from '../../base/bytes.js';
import { CairnError } from '../../base/errors.js';
import { invariant } from '../../base/invariant.js';
import type { Address, Connection, ConnectionHandlers, TlsPeer } from '../network.js';
import { showAddress } from './address.js';
import { errnoOf, fromErrno } from './errno.js';
import { isCertificateAlert, refusedByPeer } from './tls.js';

export interface ConnectionParts {
  readonly socket: Socket;
  /** The TCP socket: `socket` itself, or the one under it when that is TLS. */
  readonly transport: Socket;
  readonly local: Address;
  readonly remote: Address;
  readonly tlsPeer: TlsPeer | undefined;
  /** True when the socket was made with `onread`, which calls `deliver`; else data arrives as events. */
  readonly deliversItself: boolean;
}

interface PendingSend {
  readonly resolve: () => void;
  readonly reject: (error: CairnError) => void;
}

export class NodeConnection implements Connection {
  readonly local: Address;
  readonly remote: Address;
  readonly tlsPeer: TlsPeer | undefined;
  readonly #socket: Socket;
  readonly #transport: Socket;
  readonly #deliversItself: boolean;
  /** Sends whose last byte the kernel has not taken. What closes the connection rejects them. */
  readonly #sends = new Set<PendingSend>();
  #handlers: ConnectionHandlers | undefined;
  #error: CairnError | undefined;
  #paused = false;
  /** This end called `end`. */
  #ending = false;
  /** ... and everything before it was sent. */
  #finished = false;
  #peerEnded = false;
  #destroyed = false;
  #closed = false;

  constructor(parts: ConnectionParts) {
    this.#socket = parts.socket;
    this.#transport = parts.transport;
    this.local = parts.local;
    this.remote = parts.remote;
    this.tlsPeer = parts.tlsPeer;
    this.#deliversItself = parts.deliversItself;
    // An encrypted socket reads from its handshake on, and may have met the end of the stream already.
    this.#peerEnded = parts.socket.readableEnded;
    this.#socket.on('error', (error) => {
      this.#error ??= this.#lost(error);
    });
    this.#socket.on('end', () => {
      this.#onEnd();
    });
    this.#socket.on('finish', () => {
      this.#finished = true;
    });
    this.#socket.on('close', () => {
      this.#onClose();
    });
  }

  start(handlers: ConnectionHandlers): void {
    invariant(this.#handlers === undefined, 'a connection is started once');
    this.#handlers = handlers;
    if (this.#closed || this.#peerEnded) {
      // It ended within this very turn. Handlers are never called from inside `start`.
      queueMicrotask(() => {
        this.#announceEarlyEnd(handlers);
      });
    }
    // A listener for 'data' alone would make the socket flow.
    this.#socket.pause();
    if (!this.#deliversItself) {
      this.#socket.on('data', (chunk: Buffer) => {
        // As a plain array: `slice` of a Buffer does not copy.
        this.deliver(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength));
      });
    }
    if (!this.#paused) this.#socket.resume();
  }

  /**
   * What the socket received; for the `onread` of dialled connections. False asks the socket to stop: `pause` alone is
   * not enough there, since a `resume` of the same turn starts reading again after it.
   */
  deliver(viewChunk: Uint8Array): boolean {
    if (!this.#destroyed) this.#handlers?.onData(viewChunk);
    return !this.#paused;
  }

  send(chunks: readonly Uint8Array[]): Promise<void> {
    if (this.#ending || this.#destroyed) return Promise.reject(this.#closedHere('send'));
    if (this.#closed || this.#socket.destroyed) return Promise.reject(this.#error ?? this.#lost(undefined));
    return new Promise((resolve, reject) => {
      const send: PendingSend = { resolve, reject };
      this.#sends.add(send);
      this.#write(chunks, (error) => {
        if (this.#sends.delete(send)) this.#settle(send, error);
      });
    });
  }

  pause(): void {
    this.#paused = true;
    if (this.#handlers !== undefined) this.#socket.pause();
  }

  resume(): void {
    this.#paused = false;
    if (this.#handlers !== undefined) this.#socket.resume();
  }

  end(): void {
    if (this.#ending || this.#destroyed) return;
    this.#ending = true;
    this.#socket.end();
  }

  destroy(): void {
    if (this.#destroyed || this.#closed) return;
    this.#destroyed = true;
    if (!this.#orderly()) this.#error ??= this.#closedHere('continue');
    // A plain close would look to the peer like an orderly end after any prefix of what was sent (under TLS too: Node
    // does not mind a missing close-notify). A reset does not.
    if (this.#isShuttingDown()) this.#socket.destroy();
    else this.#transport.resetAndDestroy();
  }

  /** Corked, the chunks leave as one vectored write; the last chunk's callback is that of all. */
  #write(chunks: readonly Uint8Array[], callback: (error: Error | null | undefined) => void): void {
    const lastIndex = chunks.length - 1;
    this.#socket.cork();
    for (const [index, chunk] of chunks.entries()) {
      if (index < lastIndex) this.#socket.write(viewBuffer(chunk));
    }
    // An empty list still waits for its turn.
    this.#socket.write(viewBuffer(chunks[lastIndex] ?? Buffer.alloc(0)), callback);
    this.#socket.uncork();
  }

  /** Node reports success for a write that was in progress when its socket was destroyed: look at the socket too. */
  #settle(send: PendingSend, error: Error | null | undefined): void {
    if (!this.#socket.destroyed && (error === null || error === undefined)) send.resolve();
    else send.reject(this.#error ?? this.#lost(error));
  }

  #onEnd(): void {
    this.#peerEnded = true;
    if (!this.#destroyed) this.#handlers?.onEnd();
  }

  #onClose(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (!this.#orderly()) this.#error ??= this.#lost(undefined);
    for (const send of this.#sends) send.reject(this.#error ?? this.#lost(undefined));
    this.#sends.clear();
    this.#handlers?.onClose(this.#error);
  }

  #announceEarlyEnd(handlers: ConnectionHandlers): void {
    if (this.#peerEnded && !this.#destroyed) handlers.onEnd();
    if (this.#closed) handlers.onClose(this.#error);
  }

  /**
   * True while the end of the stream is on its way to the kernel. libuv refuses a reset then, and Node would leak the
   * socket; but the kernel has every byte by then, so that a plain close loses none.
   */
  #isShuttingDown(): boolean {
    return this.#ending && !this.#finished && this.#socket.writableLength === 0;
  }

  #orderly(): boolean {
    return this.#finished && this.#peerEnded;
  }

  #closedHere(deed: string): CairnError {
    const message = `cannot ${deed}: this end closed the connection to ${showAddress(this.remote)}`;
    return new CairnError('CLOSED', message, { applied: 'maybe' });
  }

  #lost(error: unknown): CairnError {
    const peer = showAddress(this.remote);
    if (isCertificateAlert(error)) return refusedByPeer(this.remote, error);
    const doing = `the connection to ${peer} was lost`;
    if (error === undefined || error === null) return new CairnError('CONNECTION_LOST', doing, { applied: 'maybe' });
    const reason = fromErrno(error, doing, 'CONNECTION_LOST', 'maybe');
    if (reason.code === 'CONNECTION_LOST') return reason;
    // ETIMEDOUT and the like mean "unreachable" while dialling, but a connection that was there is lost.
    const details = { errno: errnoOf(error) };
    return new CairnError('CONNECTION_LOST', reason.message, { cause: error, applied: 'maybe', details });
  }
}
