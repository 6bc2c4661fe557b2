/** How a monitor's directory begins: as the first of a new cluster, or empty, as a learner of one that exists. */
import { hexText } from '../../base/bytes.js';
import { CairnError, isCairnError } from '../../base/errors.js';
import { type MonotonicMs, monotonicMs } from '../../base/instants.js';
import { createMap } from '../../cluster/create-map.js';
import type { MonitorInfo } from '../../cluster/map.js';
import type { NodeAddress } from '../../cluster/osd.js';
import { printAddress } from '../../protocol/address-text.js';
import type { Credentials } from '../../protocol/credentials.js';
import { joinMethod, type JoinReply } from '../../protocol/monitor-methods.js';
import type { TlsOptions } from '../../runtime/network.js';
import type { Runtime } from '../../runtime/runtime.js';
import { readWholeFile, writeFileDurably } from '../../runtime/whole-file.js';
import { Dialer } from '../../wire/dialer.js';
import { logIndex, memberId, term } from '../raft/types.js';
import { emptyContent } from '../state/state.js';
import { encodeSnapshot } from '../state/snapshot.js';
import { createStore } from '../store/create-store.js';
import { voteFileName } from '../store/vote-file.js';

/** In a monitor's directory. */
export const storeName = 'store';
const joiningName = 'joining';

export interface NewCluster {
  readonly directory: string;
  /** Of the first monitor: `a`. */
  readonly name: string;
  readonly address: NodeAddress;
}

export interface NewClusterKeys {
  /** Of the monitor itself. */
  readonly monitor: Credentials;
  /** `client.admin`, which may do everything. */
  readonly admin: Credentials;
}

/** Makes a cluster of one monitor; others join it. Refuses a directory that holds a monitor already (`EXISTS`). */
export async function initCluster(runtime: Runtime, options: NewCluster): Promise<NewClusterKeys> {
  const { directory, name, address } = options;
  if (await hasStore(runtime, directory)) {
    throw new CairnError('EXISTS', `${directory} holds a monitor already; start it, or choose an empty directory`);
  }
  const { random, clock } = runtime;
  const fsid = hexText(random.bytes(16));
  const monitor: MonitorInfo = { name, member: 1, address, role: 'voter' };
  const entities = [
    { name: `mon.${name}`, caps: new Map([['mon', 'profile monitor']]) },
    { name: 'client.admin', caps: new Map(adminCaps) },
  ];
  const content = emptyContent(createMap({ fsid, createdAt: clock.wall(), monitors: [monitor], entities }));
  const keys = entities.map((entity) => ({ name: entity.name, key: random.bytes(32) }));
  for (const entry of keys) content.keys.set(entry.name, entry.key);
  await runtime.disk.makeDirectory(directory);
  // Everybody who joins later begins from nothing and is sent this content as a snapshot.
  await createStore(runtime, {
    directory: `${directory}/${storeName}`,
    fsid,
    member: memberId(1),
    snapshot: {
      index: logIndex(1),
      term: term(1),
      membership: { voters: [memberId(1)], learners: [] },
      pieces: encodeSnapshot(content),
    },
  });
  const [own, admin] = keys.map(({ name: entity, key }): Credentials => {
    return { name: entity, key, fsid, monitors: [address] };
  });
  if (own === undefined || admin === undefined) throw new CairnError('INTERNAL', 'the keys were not made');
  return { monitor: own, admin };
}

const adminCaps: readonly [string, string][] = [
  ['mon', 'allow *'],
  ['osd', 'allow *'],
];

export async function hasStore(runtime: Runtime, directory: string): Promise<boolean> {
  return exists(runtime, `${directory}/${storeName}/${voteFileName}`);
}

/** Undoes `initCluster`, before anybody used it. */
export async function removeStore({ disk }: Pick<Runtime, 'disk'>, directory: string): Promise<void> {
  await disk.removeTree(`${directory}/${storeName}`);
}

export interface JoinOptions {
  readonly directory: string;
  readonly credentials: Credentials;
  /** `d` of `mon.d`. */
  readonly name: string;
  readonly address: NodeAddress;
  readonly tls: TlsOptions | undefined;
  readonly signal: AbortSignal;
}

/**
 * A monitor that has not heard yet of the key that was just made for this one, or one that is joining itself, refuses it; so
 * a refusal counts when everybody who answers says the same, this many rounds running.
 */
const refusalsMax = 6;
/** Between two rounds of asking all monitors that are known. */
const roundMs = 500;
const askMs = 5_000;

/**
 * Asks the cluster for a place, as often as it takes, and makes the store for it. A crash at any moment is harmless: the
 * same disk gets the same place again.
 */
export async function joinCluster(runtime: Runtime, options: JoinOptions): Promise<void> {
  const { directory, credentials, signal } = options;
  if (credentials.monitors.length === 0) {
    throw new CairnError(
      'NOT_FOUND',
      `${directory} holds no store, and there is no other monitor to join; put the directory back, or list the others under "monitors"`,
    );
  }
  await runtime.disk.makeDirectory(directory);
  const disk = await diskId(runtime, directory);
  let known: readonly NodeAddress[] = credentials.monitors;
  let refusals = 0;
  for (;;) {
    const asked = await askAll(runtime, options, { disk, known });
    if (asked.kind === 'joined') {
      await createStore(runtime, {
        directory: `${directory}/${storeName}`,
        fsid: asked.reply.fsid,
        member: memberId(asked.reply.member),
        snapshot: { index: logIndex(0), term: term(0), membership: { voters: [], learners: [] }, pieces: nothing() },
      });
      await forgetJoining(runtime, directory);
      return;
    }
    refusals = asked.refusal === undefined ? 0 : refusals + 1;
    if (asked.refusal !== undefined && refusals >= refusalsMax) throw asked.refusal;
    known = asked.leader === undefined ? credentials.monitors : [asked.leader, ...credentials.monitors];
    await runtime.clock.sleep(roundMs, signal);
  }
}

/**
 * Before the member takes part in anything: if its store were lost later and this file came back, the same member id would
 * vote again without knowing how it voted before.
 */
export async function forgetJoining(runtime: Runtime, directory: string): Promise<void> {
  if (!(await exists(runtime, `${directory}/${joiningName}`))) return;
  await runtime.disk.removeFile(`${directory}/${joiningName}`);
  await runtime.disk.syncDirectory(directory);
}

type Asked =
  | { readonly kind: 'joined'; readonly reply: JoinReply }
  /** `refusal`: everybody who answered said that it will never be. */
  | { readonly kind: 'not-yet'; readonly leader: NodeAddress | undefined; readonly refusal: CairnError | undefined };

const refusalCodes = new Set(['PERMISSION_DENIED', 'AUTHENTICATION_FAILED', 'VERSION_MISMATCH']);

async function askAll(
  runtime: Runtime,
  options: JoinOptions,
  { disk, known }: { readonly disk: string; readonly known: readonly NodeAddress[] },
): Promise<Asked> {
  let leader: NodeAddress | undefined;
  let refusal: CairnError | undefined;
  let hasHope = false;
  const own = printAddress(options.address);
  for (const address of known) {
    if (printAddress(address) === own) continue;
    const deadline = monotonicMs(runtime.clock.now() + askMs);
    try {
      return { kind: 'joined', reply: await ask(runtime, options, { address, disk, deadline }) };
    } catch (error) {
      if (!isCairnError(error) || error.code === 'CANCELLED') throw error;
      if (refusalCodes.has(error.code)) refusal ??= error;
      else if (error.code !== 'DEADLINE_EXCEEDED') hasHope = true;
      leader ??= leaderIn(error);
      runtime.log.info({ monitor: printAddress(address), reason: error.message }, 'not let into the cluster yet');
    }
  }
  return { kind: 'not-yet', leader, refusal: hasHope ? undefined : refusal };
}

async function ask(
  runtime: Runtime,
  { credentials, name, address: own, tls, signal }: JoinOptions,
  { address, disk, deadline }: { readonly address: NodeAddress; readonly disk: string; readonly deadline: MonotonicMs },
): Promise<JoinReply> {
  // Not as a monitor: until it is let in, this end answers nothing that monitors ask one another.
  const identity = { name: credentials.name, role: 'joining', fsid: credentials.fsid };
  const dialer = new Dialer(runtime, { address, identity, tls }, { key: credentials.key });
  try {
    return (await dialer.call(joinMethod, { name, address: own, disk }, { deadline, signal })).header;
  } finally {
    await dialer.close();
  }
}

function leaderIn({ details }: CairnError): NodeAddress | undefined {
  const leader = details['leader'] as Partial<NodeAddress> | undefined;
  if (typeof leader?.host !== 'string' || typeof leader.port !== 'number') return undefined;
  return { host: leader.host, port: leader.port };
}

/** Drawn once per empty disk and kept until the store is there. */
async function diskId(runtime: Runtime, directory: string): Promise<string> {
  const path = `${directory}/${joiningName}`;
  if (await exists(runtime, path)) {
    const text = new TextDecoder().decode(await readWholeFile(runtime.disk, path, 1024));
    if (/^[0-9a-f]{32}$/.test(text)) return text;
  }
  const drawn = hexText(runtime.random.bytes(16));
  await writeFileDurably(runtime.disk, directory, joiningName, new TextEncoder().encode(drawn));
  return drawn;
}

async function exists(runtime: Runtime, path: string): Promise<boolean> {
  try {
    await runtime.disk.stat(path);
    return true;
  } catch (error) {
    if (isCairnError(error, 'NOT_FOUND')) return false;
    throw error;
  }
}

async function* nothing(): AsyncGenerator<Uint8Array> {}
