/** A network inside the process whose connections can be stalled, cut into small chunks, and broken, by the test. */
import { CairnError } from '../../base/errors.js';
import type {
  Address,
  Connection,
  ConnectionHandlers,
  DatagramSocket,
  Listener,
  ListenOptions,
  Network,
} from '../../runtime/network.js';

export class PipeNetwork implements Network {
  /** Both ends of every connection made: the dialer's at even places, its acceptor's after it. */
  readonly ends: PipeEnd[] = [];
  /** Bytes per call of `onData`. */
  chunkBytes = 65_536;
  /** The next so many `connect` calls are refused. */
  refusals = 0;
  readonly #listeners = new Map<number, (connection: Connection) => void>();
  #lastPort = 1000;

  connect(address: Address): Promise<Connection> {
    const accept = this.#listeners.get(address.port);
    if (accept === undefined || this.refusals > 0) {
      this.refusals = Math.max(0, this.refusals - 1);
      return Promise.reject(new CairnError('CONNECTION_REFUSED', `nobody listens at ${address.host}:${address.port}`));
    }
    const dialer = new PipeEnd(this);
    const acceptor = new PipeEnd(this);
    dialer.other = acceptor;
    acceptor.other = dialer;
    this.ends.push(dialer, acceptor);
    accept(acceptor);
    return Promise.resolve(dialer);
  }

  listen(
    _address: Address,
    _options: ListenOptions,
    onConnection: (connection: Connection) => void,
  ): Promise<Listener> {
    const port = ++this.#lastPort;
    this.#listeners.set(port, onConnection);
    return Promise.resolve({
      address: { host: '127.0.0.1', port },
      close: () => {
        this.#listeners.delete(port);
        return Promise.resolve();
      },
    });
  }

  openDatagrams(): DatagramSocket {
    throw new CairnError('UNSUPPORTED', 'a pipe carries no datagrams');
  }
}

interface PendingSend {
  readonly chunks: readonly Uint8Array[];
  readonly resolve: () => void;
  readonly reject: (error: CairnError) => void;
}

export class PipeEnd implements Connection {
  readonly local = { host: '127.0.0.1', port: 1 };
  readonly remote = { host: '127.0.0.1', port: 2 };
  readonly tlsPeer = undefined;
  other: PipeEnd | undefined;
  /** While true, nothing this end sends is taken. */
  stalled = false;
  /** Calls of `send`, and the bytes taken from it. */
  sends = 0;
  sentBytes = 0;
  /** When set, sees everything on its way out and may change it. */
  tamper: ((bytes: Uint8Array) => Uint8Array) | undefined;
  #handlers: ConnectionHandlers | undefined;
  readonly #queue: PendingSend[] = [];
  readonly #network: PipeNetwork;
  #isMoving = false;
  #ended = false;
  #endAnnounced = false;
  #peerEnded = false;
  #closed = false;

  constructor(network: PipeNetwork) {
    this.#network = network;
  }

  /** Bytes handed to `send` and not taken. */
  get queuedBytes(): number {
    return this.#queue.flatMap((send) => send.chunks).reduce((sum, chunk) => sum + chunk.byteLength, 0);
  }

  start(handlers: ConnectionHandlers): void {
    this.#handlers = handlers;
  }

  send(chunks: readonly Uint8Array[]): Promise<void> {
    this.sends++;
    if (this.#closed || this.#ended) return Promise.reject(new CairnError('CONNECTION_LOST', 'the pipe is closed'));
    return new Promise((resolve, reject) => {
      this.#queue.push({ chunks, resolve, reject });
      this.move();
    });
  }

  /** Moves what is queued, unless stalled; to be called after `stalled` was reset. */
  move(): void {
    if (this.#isMoving || this.stalled) return;
    this.#isMoving = true;
    setImmediate(() => {
      this.#isMoving = false;
      this.#moveOne();
      if (this.#queue.length > 0) this.move();
    });
  }

  pause(): void {}

  resume(): void {}

  end(): void {
    this.#ended = true;
    this.move();
    setImmediate(() => this.#announceEnd());
  }

  destroy(): void {
    this.break(new CairnError('CLOSED', 'this end destroyed the pipe'));
  }

  /** Both ends see the connection break. */
  break(error = new CairnError('CONNECTION_LOST', 'the pipe broke')): void {
    this.close(error);
    this.other?.close(new CairnError('CONNECTION_LOST', 'the pipe broke'));
  }

  #moveOne(): void {
    if (this.stalled || this.#closed) return;
    const send = this.#queue.shift();
    if (send === undefined) return;
    for (const chunk of send.chunks) {
      this.sentBytes += chunk.byteLength;
      this.other?.deliver(this.tamper === undefined ? chunk : this.tamper(chunk.slice()));
    }
    send.resolve();
  }

  /** Bytes from the other end, through memory that is overwritten after each call, as the contract of `onData` allows. */
  deliver(bytes: Uint8Array): void {
    const { chunkBytes } = this.#network;
    const scratch = Buffer.alloc(Math.min(chunkBytes, bytes.byteLength));
    for (let offset = 0; offset < bytes.byteLength && !this.#closed; offset += chunkBytes) {
      const piece = bytes.subarray(offset, offset + chunkBytes);
      scratch.set(piece);
      this.#handlers?.onData(scratch.subarray(0, piece.byteLength));
      scratch.fill(0xdd);
    }
  }

  #announceEnd(): void {
    if (this.#closed) return;
    if (this.#queue.length > 0) {
      setImmediate(() => this.#announceEnd());
      return;
    }
    this.#endAnnounced = true;
    this.other?.onPeerEnd();
    this.#closeWhenOver();
  }

  onPeerEnd(): void {
    if (this.#peerEnded || this.#closed) return;
    this.#peerEnded = true;
    this.#handlers?.onEnd();
    this.#closeWhenOver();
  }

  #closeWhenOver(): void {
    if (this.#endAnnounced && this.#peerEnded) this.close(undefined);
  }

  close(error: CairnError | undefined): void {
    if (this.#closed) return;
    this.#closed = true;
    setImmediate(() => {
      const lost = new CairnError('CONNECTION_LOST', 'the pipe broke');
      for (const send of this.#queue.splice(0)) send.reject(lost);
      this.#handlers?.onClose(error);
    });
  }
}
