/** Followers of the map and of the cluster log that check all they are told, against each other and the monitors. */
import assert from 'node:assert/strict';
import { xxh64 } from '../../../base/xxh64.js';
import { checkSuccession } from '../../../cluster/check-succession.js';
import { encodeMap } from '../../../cluster/codec/map-codec.js';
import type { ClusterMap } from '../../../cluster/map.js';
import { validateMap } from '../../../cluster/validate-map.js';
import type { ClusterLogRecord } from '../../../protocol/cluster-log.js';
import type { Client, MonitorCluster } from './monitor-cluster.js';

interface Follower {
  readonly name: string;
  epoch: number;
  maps: number;
}

/** One map per epoch, whoever has it; each valid, and a successor of the one before. */
export class MapWitness {
  readonly #cluster: MonitorCluster;
  readonly #hashes = new Map<number, bigint>();
  readonly #followers: Follower[] = [];
  #last: ClusterMap | undefined;
  #failure: { readonly error: unknown } | undefined;

  constructor(cluster: MonitorCluster) {
    this.#cluster = cluster;
  }

  get epochsChecked(): number {
    return this.#last?.epoch ?? 0;
  }

  get mapsFollowed(): number {
    return this.#followers.reduce((sum, { maps }) => sum + maps, 0);
  }

  /** Until the client is closed or killed. `takeMs` is how long it thinks about each map. */
  follow(client: Client, options: { readonly takeMs?: number } = {}): Follower {
    const follower: Follower = { name: client.machine.name, epoch: 0, maps: 0 };
    this.#followers.push(follower);
    this.#follow(client, follower, options.takeMs ?? 0).catch((error: unknown) => {
      this.#failure ??= { error };
    });
    return follower;
  }

  /** Looks at every epoch that the monitors have made since the last call; at most 500 may lie between two calls. */
  check(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
    for (const { name, monitor } of this.#cluster.running) {
      const { history } = monitor.state;
      if (history.newest.epoch === 0) continue;
      for (let epoch = this.epochsChecked + 1; epoch <= history.newest.epoch; epoch++) {
        const map = history.mapOf(epoch);
        if (map === undefined && epoch < history.base.epoch && this.#last === undefined) continue;
        assert.ok(map !== undefined, `mon.${name} has epoch ${epoch}`);
        this.#note(map, `mon.${name}`);
        validateMap(map);
        if (this.#last !== undefined) checkSuccession(this.#last, map);
        this.#last = map;
      }
    }
  }

  /** Everybody who follows has the newest map. */
  async untilNobodyIsBehind(withinMs: number): Promise<void> {
    await this.#cluster.until('every follower has the newest map', withinMs, () => {
      const { epoch } = this.#cluster.newestMap;
      return this.#followers.every((follower) => follower.epoch >= epoch);
    });
    this.check();
    // What each monitor holds now, whatever way it came there.
    for (const { name, monitor } of this.#cluster.running) this.#note(monitor.state.map, `mon.${name}`);
  }

  async #follow(client: Client, follower: Follower, takeMs: number): Promise<void> {
    const { clock } = client.process.runtime;
    for await (const map of client.session.followMap({ signal: new AbortController().signal })) {
      assert.ok(map.epoch > follower.epoch, `${follower.name} got epoch ${map.epoch} after ${follower.epoch}`);
      this.#note(map, follower.name);
      follower.epoch = map.epoch;
      follower.maps += 1;
      if (takeMs > 0) await clock.sleep(takeMs);
    }
  }

  #note(map: ClusterMap, who: string): void {
    const hash = xxh64(encodeMap(map));
    const known = this.#hashes.get(map.epoch);
    assert.ok(known === undefined || known === hash, `${who} has another epoch ${map.epoch} than somebody else`);
    this.#hashes.set(map.epoch, hash);
  }
}

/** Each record once, none left out. */
export class LogWitness {
  readonly records: ClusterLogRecord[] = [];
  #failure: { readonly error: unknown } | undefined;

  /** `takeMs` is how long it thinks about each batch. */
  constructor(client: Client, { takeMs = 0 }: { readonly takeMs?: number } = {}) {
    this.#follow(client, takeMs).catch((error: unknown) => {
      this.#failure ??= { error };
    });
  }

  /** Against the log of the monitors, from the first record that was followed. */
  check(cluster: MonitorCluster): void {
    if (this.#failure !== undefined) throw this.#failure.error;
    const [first] = this.records;
    assert.ok(first !== undefined, 'something was logged');
    const all = cluster.leader?.monitor.state.log.following({ after: first.number - 1, count: 10_000 });
    assert.deepEqual(this.records, all);
  }

  /** Records are few, so the newest one is soon there. */
  untilCaughtUp(cluster: MonitorCluster, withinMs: number): Promise<number> {
    return cluster.until('the follower has the whole log', withinMs, () => {
      const last = cluster.leader?.monitor.state.log.last;
      return last !== undefined && (this.records.at(-1)?.number ?? 0) >= last;
    });
  }

  async #follow(client: Client, takeMs: number): Promise<void> {
    const { clock } = client.process.runtime;
    for await (const batch of client.session.followLog({ signal: new AbortController().signal })) {
      for (const record of batch) {
        const before = this.records.at(-1)?.number;
        assert.ok(before === undefined || record.number === before + 1, `record ${record.number} came after ${before}`);
        this.records.push(record);
      }
      if (takeMs > 0) await clock.sleep(takeMs);
    }
  }
}
