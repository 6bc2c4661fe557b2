/** The sockets of the machine. docs/NODE-LIMITS.md 4 and 10 are the measurements behind the choices. */
import * as net from 'node:net';
import * as tls from 'node:tls';
import { CairnError } from '../../base/errors.js';
import type { Clock } from '../clock.js';
import type { Logger } from '../log.js';
import type {
  Address,
  ConnectOptions,
  Connection,
  DatagramSocket,
  Listener,
  ListenOptions,
  Network,
  TlsOptions,
} from '../network.js';
import { checkAddress, localAddress, remoteAddress, showAddress } from './address.js';
import { NodeConnection } from './connection.js';
import { NodeDatagramSocket } from './datagrams.js';
import { fromErrno } from './errno.js';
import { ReceiveBuffer } from './receive-buffer.js';
import { clientOptions, handshakeError, refusedByPeer, secureContext, tlsPeerOf } from './tls.js';
import { raceWithWait, type Race } from '../wait.js';

const connectionsMaxDefault = 10_000;
const tlsHandshakeMsDefault = 10_000;

/** Connections that wait to be accepted; the kernel caps it at net.core.somaxconn. Many daemons dial at once after a restart. */
const backlog = 1024;

/** Frames are batched per turn by the callers, so Nagle's algorithm would only add delay; probes find dead hosts. */
const socketOptions = { allowHalfOpen: true, noDelay: true, keepAlive: true, keepAliveInitialDelay: 15_000 } as const;

export class NodeNetwork implements Network {
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #received = new ReceiveBuffer();

  constructor(clock: Clock, log: Logger) {
    this.#clock = clock;
    this.#log = log;
  }

  async connect(address: Address, options: ConnectOptions = {}): Promise<Connection> {
    checkAddress(address, 1);
    const { tls: tlsOptions } = options;
    const doing = `connecting to ${showAddress(address)}`;
    return raceWithWait(this.#clock, options, doing, (race: Race<Connection>) =>
      tlsOptions === undefined ? this.#dial(address, race) : this.#dialTls(address, tlsOptions, race),
    );
  }

  async listen(
    address: Address,
    options: ListenOptions,
    onConnection: (connection: Connection) => void,
  ): Promise<Listener> {
    checkAddress(address, 0);
    const { connectionsMax = connectionsMaxDefault } = options;
    if (!Number.isSafeInteger(connectionsMax) || connectionsMax < 1) {
      throw new CairnError('INVALID_ARGUMENT', `connectionsMax is ${connectionsMax}; it must be at least 1`);
    }
    const server =
      options.tls === undefined
        ? acceptPlain(this.#received, onConnection)
        : this.#acceptTls(options.tls, options, onConnection);
    server.maxConnections = connectionsMax;
    await listening(server, address);
    server.on('error', (error) => {
      // Of one attempt to accept, such as EMFILE. The listener goes on.
      this.#log.warn({ err: error, address: showAddress(address) }, 'a connection could not be accepted');
    });
    return new NodeListener(server);
  }

  openDatagrams(): DatagramSocket {
    return new NodeDatagramSocket(this.#clock);
  }

  #dial(address: Address, race: Race<Connection>): () => void {
    let connection: NodeConnection | undefined;
    const socket = net.connect({
      host: address.host,
      port: address.port,
      ...socketOptions,
      onread: this.#received.onread(() => connection),
    });
    // Nothing is read before `start`.
    socket.pause();
    const onError = (error: Error): void => {
      race.fail(fromErrno(error, `cannot connect to ${showAddress(address)}`, 'UNREACHABLE'));
    };
    socket.on('error', onError);
    socket.once('connect', () => {
      connection = new NodeConnection({
        socket,
        transport: socket,
        local: localAddress(socket),
        remote: remoteAddress(socket) ?? address,
        tlsPeer: undefined,
        deliversItself: true,
      });
      socket.off('error', onError);
      race.win(connection);
    });
    return () => {
      socket.destroy();
    };
  }

  #dialTls(address: Address, options: TlsOptions, race: Race<Connection>): () => void {
    const tlsOptions = clientOptions(options, address.host);
    const transport = net.connect({ host: address.host, port: address.port, ...socketOptions });
    let handshake: tls.TLSSocket | undefined;
    const drop = (): void => {
      timer.cancel();
      transport.destroy();
      handshake?.destroy();
    };
    const fail = (error: CairnError): void => {
      drop();
      race.fail(error);
    };
    const timer = this.#clock.after(tlsHandshakeMsDefault, () => {
      const code = handshake === undefined ? 'UNREACHABLE' : 'CONNECTION_LOST';
      const late = `took over ${tlsHandshakeMsDefault} ms; check that it speaks TLS`;
      fail(new CairnError(code, `TLS handshake with ${showAddress(address)} ${late}`));
    });
    transport.on('error', (error) => {
      fail(fromErrno(error, `cannot connect to ${showAddress(address)}`, 'UNREACHABLE'));
    });
    transport.once('connect', () => {
      handshake = shakeHands(transport, address, tlsOptions, {
        win(connection) {
          timer.cancel();
          race.win(connection);
        },
        fail,
      });
    });
    return drop;
  }

  #acceptTls(tlsOptions: TlsOptions, options: ListenOptions, onConnection: (c: Connection) => void): net.Server {
    secureContext(tlsOptions);
    const server = tls.createServer({
      ...socketOptions,
      cert: tlsOptions.cert,
      key: tlsOptions.key,
      ca: tlsOptions.ca,
      minVersion: 'TLSv1.3',
      requestCert: true,
      rejectUnauthorized: true,
      handshakeTimeout: options.tlsHandshakeMs ?? tlsHandshakeMsDefault,
    });
    // Node does not say which TCP socket a TLS one is on; their addresses do, of both ends: a peer may use one port of
    // its own for two addresses of this host.
    const transports = new Map<string, net.Socket>();
    server.on('connection', (transport: net.Socket) => {
      if (remoteAddress(transport) === undefined) return;
      const ends = endsOf(transport);
      transports.set(ends, transport);
      transport.once('close', () => {
        if (transports.get(ends) === transport) transports.delete(ends);
      });
    });
    server.on('tlsClientError', (error, socket) => {
      this.#log.debug({ err: error, remote: socket.remoteAddress }, 'a TLS handshake failed');
      socket.destroy();
    });
    const accept = (socket: tls.TLSSocket): void => {
      const remote = remoteAddress(socket);
      const transport = transports.get(endsOf(socket));
      if (remote === undefined || transport === undefined || socket.destroyed || !server.listening) {
        socket.destroy();
        return;
      }
      const parts = { socket, transport, local: localAddress(socket), remote, deliversItself: false };
      onConnection(new NodeConnection({ ...parts, tlsPeer: tlsPeerOf(socket) }));
    };
    server.on('secureConnection', (socket) => {
      // Called from within OpenSSL, as 'session' is in `shakeHands`.
      setImmediate(accept, socket);
    });
    return server;
  }
}

function endsOf(socket: net.Socket): string {
  const remote = remoteAddress(socket);
  return `${remote === undefined ? '' : showAddress(remote)} > ${showAddress(localAddress(socket))}`;
}

/** The client's part of a TLS handshake on a connected `transport`; see `tls.ts` for why it waits for a session. */
function shakeHands(
  transport: net.Socket,
  address: Address,
  options: tls.ConnectionOptions,
  race: Race<Connection>,
): tls.TLSSocket {
  const socket = tls.connect({ ...options, socket: transport });
  let judged = false;
  // Between our certificate and the server's first word, a server that hangs up did not like what it saw.
  const onError = (error: unknown): void => {
    race.fail(judged ? refusedByPeer(address, error) : handshakeError(address, error));
  };
  const onGone = (): void => {
    onError(new CairnError('CONNECTION_LOST', `${showAddress(address)} closed the connection`));
  };
  socket.on('error', onError);
  socket.on('end', onGone);
  socket.on('close', onGone);
  socket.once('secureConnect', () => {
    judged = true;
  });
  const accepted = (): void => {
    if (socket.destroyed) return;
    const connection = new NodeConnection({
      socket,
      transport,
      local: localAddress(transport),
      remote: remoteAddress(transport) ?? address,
      tlsPeer: tlsPeerOf(socket),
      deliversItself: false,
    });
    socket.off('error', onError);
    socket.off('end', onGone);
    socket.off('close', onGone);
    race.win(connection);
  };
  socket.once('session', () => {
    // This is called from within OpenSSL, which is not reentrant: a send or a destroy here would corrupt its memory.
    setImmediate(accepted);
  });
  return socket;
}

class NodeListener implements Listener {
  readonly address: Address;
  readonly #server: net.Server;

  constructor(server: net.Server) {
    this.#server = server;
    const bound = server.address();
    this.address =
      typeof bound === 'object' && bound !== null ? { host: bound.address, port: bound.port } : { host: '', port: 0 };
  }

  /** The port is free at once; `net.Server` itself would wait for every accepted connection to end. */
  async close(): Promise<void> {
    if (!this.#server.listening) return;
    this.#server.close();
  }
}

function acceptPlain(received: ReceiveBuffer, onConnection: (connection: Connection) => void): net.Server {
  return net.createServer({ ...socketOptions, pauseOnConnect: true }, (accepted) => {
    const remote = remoteAddress(accepted);
    if (remote === undefined) {
      // The peer was gone before it was accepted.
      accepted.on('error', () => undefined);
      accepted.destroy();
      return;
    }
    const adopted = received.adopt(accepted, () => connection);
    const socket = adopted ?? accepted;
    const connection: NodeConnection = new NodeConnection({
      socket,
      transport: socket,
      local: localAddress(socket),
      remote,
      tlsPeer: undefined,
      deliversItself: adopted !== undefined,
    });
    onConnection(connection);
  });
}

function listening(server: net.Server, address: Address): Promise<void> {
  return new Promise((resolve, reject) => {
    const onError = (error: Error): void => {
      reject(fromErrno(error, `cannot listen at ${showAddress(address)}`, 'UNREACHABLE'));
    };
    server.once('error', onError);
    server.listen({ host: address.host, port: address.port, backlog }, () => {
      server.off('error', onError);
      resolve();
    });
  });
}
