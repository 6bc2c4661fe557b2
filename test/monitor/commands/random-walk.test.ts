/**
 * Administrators and OSDs at random, on one cluster: whatever is accepted leads to a map that holds together, and whatever
 * is refused changes nothing and says why in a line.
 */
import assert from 'node:assert/strict';
import { isCairnError } from '../../../base/errors.js';
import { checkSuccession } from '../../../cluster/check-succession.js';
import { type OsdId, type PgId, osdId, poolId } from '../../../cluster/ids.js';
import { type ClusterMap, clusterFlags } from '../../../cluster/map.js';
import { memberOf } from '../../../cluster/pg/context.js';
import { validateMap } from '../../../cluster/validate-map.js';
import { osdGoodbye, osdRegister } from '../../../protocol/commands/osd.js';
import { pgAdmit, pgBump, pgConfirm, pgLeave } from '../../../protocol/commands/pg.js';
import { Prng } from '../../../runtime/sim/prng.js';
import { forEachSeed } from '../../sim/seeds.js';
import type { LocalCluster } from './local-cluster.js';
import { clusterOf, run } from './run-commands.js';
import { GiB, sampleMap } from './sample-map.js';

const osdCount = 8;

class Walk {
  accepted = 0;
  refused = 0;
  readonly #cluster: LocalCluster;
  readonly #random: Prng;
  /** Disks wear out: the number of each OSD's present one, and how often it was started. */
  readonly #disks = Array.from({ length: osdCount }, (_, id) => ({ uuid: id, boot: 1 }));
  #lastUuid = osdCount;

  constructor(cluster: LocalCluster, random: Prng) {
    this.#cluster = cluster;
    this.#random = random;
  }

  async step(): Promise<void> {
    for (let id = 0; id < osdCount; id += 1) this.#restoreKey(osdId(id));
    const before = this.#cluster.map;
    const isAccepted = this.#random.below(2) === 0 ? await this.#administrate() : await this.#asOsd();
    const after = this.#cluster.map;
    if (isAccepted) this.accepted += 1;
    else {
      this.refused += 1;
      assert.ok(after === before, 'a refusal changes nothing');
    }
    validateMap(after);
    checkSuccession(before, after);
  }

  async #administrate(): Promise<boolean> {
    const words = this.#words();
    const { code, stderr } = await run(this.#cluster, words);
    if (code !== 0) assert.match(stderr, /^cairn: [^\n]+\n$/, words);
    return code === 0;
  }

  #words(): string {
    const osd = this.#pick(osdCount);
    const pool = `p${this.#pick(3)}`;
    const yes = this.#pick(3) === 0 ? '' : ' --yes';
    const pg = `${this.#pick(4) + 1}.${this.#pick(8)}`;
    const choices = [
      `osd in ${osd}`,
      `osd out ${osd} ${this.#pick(osdCount)}`,
      `osd down ${osd}`,
      `osd down ${osd} ${this.#pick(osdCount)}`,
      `osd lost ${osd}${yes}`,
      `osd rm ${osd}${yes}`,
      `osd purge ${osd}${yes}`,
      `osd reweight ${osd} ${this.#pick(5) / 4}`,
      `osd ${this.#pick(3) === 0 ? 'set' : 'unset'} ${clusterFlags[this.#pick(clusterFlags.length)]}${yes}`,
      `osd upmap ${pg} ${osd} ${this.#pick(osdCount)}`,
      `osd rm-upmap ${pg}`,
      `pool create ${pool} --pg-num ${1 + this.#pick(12)} --size ${1 + this.#pick(4)}${yes}`,
      `pool create ${pool} --pg-num 8 --async${yes}`,
      `pool set ${pool} size ${1 + this.#pick(4)}${yes}`,
      `pool set ${pool} min_size ${1 + this.#pick(3)}${yes}`,
      `pool set ${pool} mode ${this.#pick(2) === 0 ? 'sync' : 'async'}${yes}`,
      `pool set ${pool} rule ${this.#pick(2) === 0 ? 'replicated_rule' : 'flat'}`,
      `pool rm ${pool}${yes}`,
      `pool rename ${pool} p${this.#pick(3)}`,
      `pg force ${pg} ${osd}${yes}`,
      `crush reweight ${osd} ${this.#pick(4)}`,
      `crush move osd.${osd} host=h${this.#pick(4)}`,
      `crush add ${osd} ${this.#pick(4)} host=h${this.#pick(4)}`,
      `crush create-or-move ${osd} 1 host=h${this.#pick(4)} root=default`,
      `crush rm osd.${osd}${yes}`,
      'crush rule create-replicated flat default osd',
      'crush rule rm flat',
    ];
    return choices[this.#pick(choices.length)] ?? '';
  }

  async #asOsd(): Promise<boolean> {
    const id = osdId(this.#pick(osdCount));
    try {
      await (this.#pick(3) === 0 ? this.#speakOfItself(id) : this.#speakOfPg());
      return true;
    } catch (error) {
      if (!isCairnError(error) || error.code === 'INTERNAL') throw error;
      return false;
    }
  }

  async #speakOfItself(id: OsdId): Promise<unknown> {
    const client = this.#cluster.as(`osd.${id}`);
    const disk = this.#disks[id] ?? { uuid: id, boot: 1 };
    if (this.#pick(3) === 0) return client.change(osdGoodbye, { osd: id, boot: disk.boot }, {});
    if (this.#pick(5) === 0) {
      this.#lastUuid += 1;
      disk.uuid = this.#lastUuid;
      disk.boot = 0;
    }
    // Now and then the counter stands still, as in an image that was restored.
    if (this.#pick(8) > 0) disk.boot += 1;
    const address = { host: '10.0.0.1', port: 7000 + id };
    const args = {
      osd: id,
      uuid: disk.uuid.toString(16).padStart(32, '0'),
      boot: Math.max(1, disk.boot),
      publicAddress: address,
      clusterAddress: address,
      capacityBytes: 100 * GiB,
      hostname: `h${id % 4}`,
      version: '0.1.0',
      features: 0,
    };
    return client.change(osdRegister, args, {});
  }

  /** In the name of a PG's primary, about its record as it is, or as it was a term before. */
  async #speakOfPg(): Promise<unknown> {
    const { map } = this.#cluster;
    const pg: PgId = { pool: poolId(this.#pick(4) + 1), pg: this.#pick(8) };
    const record = map.records.get(pg);
    const [from] = record?.acting ?? [];
    if (record === undefined || from === undefined || !map.entities.has(`osd.${from.osd}`)) return undefined;
    const client = this.#cluster.as(`osd.${from.osd}`);
    const term = this.#pick(6) === 0 ? record.eligible.length : record.term;
    const asked = { pg, term: term as typeof record.term, from };
    switch (this.#pick(4)) {
      case 0:
        return client.change(pgConfirm, asked, {});
      case 1: {
        const joiner = memberOf(map.osds.get(osdId(this.#pick(osdCount))));
        return joiner === undefined ? undefined : client.change(pgAdmit, { ...asked, joiner }, {});
      }
      case 2: {
        const acting = record.acting.filter(() => this.#pick(4) > 0).reverse();
        if (acting.length === 0) return undefined;
        return client.change(pgLeave, { ...asked, acting, isDrained: this.#pick(2) === 0 }, {});
      }
      default:
        return client.change(pgBump, asked, {});
    }
  }

  /** After a purge. */
  #restoreKey(id: OsdId): void {
    if (this.#cluster.map.entities.has(`osd.${id}`)) return;
    const caps = new Map([['mon', 'profile osd']]);
    this.#cluster.apply({ kind: 'entity', entity: { name: `osd.${id}`, caps } });
  }

  #pick(count: number): number {
    return this.#random.below(count);
  }
}

describe('commands at random', () => {
  it('always leave a map that holds together, and nothing behind when they are refused', async function () {
    this.timeout(20_000);
    let accepted = 0;
    let refused = 0;
    await forEachSeed({ count: 60, boxMs: 4_000 }, async (seed) => {
      const cluster = clusterOf(sampleMap({ osds: osdCount, hosts: 4, pools: [{ name: 'p0' }] }));
      const maps: ClusterMap[] = [];
      cluster.onApplied = (map) => void maps.push(map);
      const walk = new Walk(cluster, new Prng(`commands ${seed}`));
      for (let step = 0; step < 120; step += 1) await walk.step();
      for (const map of maps) validateMap(map);
      accepted += walk.accepted;
      refused += walk.refused;
    });
    // Both ways are taken often: a walk that is refused everywhere checks nothing.
    assert.ok(accepted > 40 && refused > 20, `${accepted} accepted, ${refused} refused`);
  });
});
