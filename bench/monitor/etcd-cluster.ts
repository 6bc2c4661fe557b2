/**
 * Three members of etcd, and a client that puts keys through its gRPC API, as etcd's own clients do: one HTTP/2 connection
 * on which calls overlap. (The JSON gateway costs a member of etcd another call of its own for each put.) The two messages
 * needed are so small that they are written here by hand.
 */
import { execFileSync } from 'node:child_process';
import { type ClientHttp2Session, connect } from 'node:http2';
import { mkdirSync } from 'node:fs';
import { type Daemon, freePort, startDaemon, stopDaemon } from '../processes.js';

const readyMs = 20_000;

/** What `etcd --version` says first; `undefined` when it is not on the PATH. */
export function etcdVersion(): string | undefined {
  try {
    return execFileSync('etcd', ['--version'], { encoding: 'utf8' }).split('\n')[0];
  } catch {
    return undefined;
  }
}

interface Member {
  readonly name: string;
  readonly client: string;
  readonly peer: string;
}

export class EtcdCluster {
  readonly daemons: readonly Daemon[];
  /** Where clients connect. */
  readonly endpoints: readonly string[];

  private constructor(daemons: readonly Daemon[], endpoints: readonly string[]) {
    this.daemons = daemons;
    this.endpoints = endpoints;
  }

  /** With default settings, its data below `directory`. */
  static async start(directory: string): Promise<EtcdCluster> {
    mkdirSync(directory, { recursive: true });
    const members: Member[] = [];
    for (const name of ['a', 'b', 'c']) {
      const [client, peer] = [await freePort(), await freePort()];
      members.push({ name, client: `http://127.0.0.1:${client}`, peer: `http://127.0.0.1:${peer}` });
    }
    const initial = members.map(({ name, peer }) => `${name}=${peer}`).join(',');
    const daemons = members.map(({ name, client, peer }) => {
      const urls = ['--listen-client-urls', client, '--advertise-client-urls', client, '--listen-peer-urls', peer];
      const own = ['--name', name, '--data-dir', `${directory}/${name}`, '--initial-advertise-peer-urls', peer];
      const args = [...own, ...urls, '--initial-cluster', initial, '--initial-cluster-state', 'new'];
      return startDaemon({ name, program: 'etcd', args, outputPath: `${directory}/${name}.log` });
    });
    const cluster = new EtcdCluster(
      daemons,
      members.map(({ client }) => client),
    );
    try {
      await cluster.#untilReady();
    } catch (error) {
      await cluster.close();
      throw error;
    }
    return cluster;
  }

  /** A client of the member that leads. */
  async client(): Promise<EtcdClient> {
    for (const endpoint of this.endpoints) {
      const client = new EtcdClient(endpoint);
      if (await client.isLeader()) return client;
      client.close();
    }
    throw new Error('no member of etcd leads');
  }

  async close(): Promise<void> {
    await Promise.all(this.daemons.map((daemon) => stopDaemon(daemon)));
  }

  async #untilReady(): Promise<void> {
    const deadline = performance.now() + readyMs;
    for (;;) {
      try {
        const client = await this.client();
        try {
          await client.put('ready', 'yes');
          return;
        } finally {
          client.close();
        }
      } catch (error) {
        if (performance.now() > deadline) throw error;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
  }
}

export class EtcdClient {
  readonly #session: ClientHttp2Session;

  constructor(endpoint: string) {
    this.#session = connect(endpoint);
    // Each call learns of it by itself.
    this.#session.on('error', () => undefined);
  }

  /** Resolves when a majority has it on disk. `key` and `value` are ASCII. */
  async put(key: string, value: string): Promise<void> {
    await this.#call('/etcdserverpb.KV/Put', [...lengthDelimited(1, key), ...lengthDelimited(2, value)]);
  }

  /** Whether the member at the other end leads: its id is the leader's, in the answer to `Maintenance.Status`. */
  async isLeader(): Promise<boolean> {
    const fields = varintFields(await this.#call('/etcdserverpb.Maintenance/Status', []));
    const leader = fields.get('4');
    return leader !== undefined && leader !== 0n && leader === fields.get('1.2');
  }

  close(): void {
    this.#session.close();
  }

  #call(path: string, parts: readonly Buffer[]): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const stream = this.#session.request({
        ':method': 'POST',
        ':path': path,
        'content-type': 'application/grpc',
        te: 'trailers',
      });
      const chunks: Buffer[] = [];
      let status: unknown;
      stream.on('response', (headers) => {
        status = headers['grpc-status'];
      });
      stream.on('trailers', (trailers) => {
        status = trailers['grpc-status'];
      });
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('error', reject);
      stream.on('end', () => {
        if (String(status) === '0') resolve(Buffer.concat(chunks).subarray(grpcHeadBytes));
        else reject(new Error(`${path} ended with gRPC status ${String(status)}`));
      });
      stream.end(grpcMessage(parts));
    });
  }
}

/** Whether it is compressed (never here), and how long it is (u32, big-endian). */
const grpcHeadBytes = 5;

function grpcMessage(parts: readonly Buffer[]): Buffer {
  const head = Buffer.alloc(grpcHeadBytes);
  head.writeUInt32BE(
    parts.reduce((sum, part) => sum + part.byteLength, 0),
    1,
  );
  return Buffer.concat([head, ...parts]);
}

/** A field of Protocol Buffers with bytes in it: tag, length, bytes. */
function lengthDelimited(field: number, text: string): Buffer[] {
  const bytes = Buffer.from(text, 'latin1');
  if (bytes.byteLength >= 1 << 14) throw new Error('values of this benchmark are short');
  const length = bytes.byteLength < 128 ? [bytes.byteLength] : [(bytes.byteLength & 127) | 128, bytes.byteLength >> 7];
  return [Buffer.from([(field << 3) | 2, ...length]), bytes];
}

/** The integers of a message and of the header that is its field 1: `4`, `1.2`. */
function varintFields(bytes: Buffer, prefix = ''): Map<string, bigint> {
  const found = new Map<string, bigint>();
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++] ?? 0;
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.byteLength) {
    const tag = Number(varint());
    const name = `${prefix}${tag >> 3}`;
    if ((tag & 7) === 0) {
      found.set(name, varint());
      continue;
    }
    const end = Number(varint()) + at;
    if (name === '1') for (const [inner, value] of varintFields(bytes.subarray(at, end), '1.')) found.set(inner, value);
    at = end;
  }
  return found;
}
