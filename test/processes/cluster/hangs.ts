/** OSDs that hang (SIGSTOP), and wake up when others have taken over. */
import assert from 'node:assert/strict';
import { isCairnError } from '../../../base/errors.js';
import { utf8Bytes } from '../../../base/bytes.js';
import { osdId } from '../../../cluster/ids.js';
import { objectHash, pgOfHash } from '../../../cluster/object-placement.js';
import { objectNameOf } from '../../../client/operation.js';
import { type Route, routeBy, type Target } from '../../../client/route.js';
import { type OpRequest, opMethod } from '../../../protocol/osd-methods.js';
import { Dialer } from '../../../wire/dialer.js';
import { serviceKeyOf } from '../../../wire/service-key.js';
import { here, until, within } from '../children.js';
import { patienceMs, type RealCluster } from './real-cluster.js';
import { type FaultCase, pauseMsMax } from './under-load.js';
import type { VerifiedLoad } from './verified-load.js';

const hung = 'osd.2';

export const hangCases: readonly FaultCase[] = [
  {
    title: 'a primary hangs: others take over, and when it wakes up it answers nothing in the terms that it led',
    short: `hang ${hung}`,
    run: hang,
    pauseMsMax,
  },
];

/** An object of a PG that the OSD leads, and the way to it. */
interface Led {
  readonly object: string;
  readonly route: Route;
}

async function hang(cluster: RealCluster, load: VerifiedLoad): Promise<void> {
  const [pool] = cluster.pools;
  assert.ok(pool !== undefined, 'there is a client');
  const led = objectsLedBy(cluster, hung);
  for (const { object } of led) await pool.writeFull(object, utf8Bytes('before'));
  const dialer = dialerTo(cluster, led);
  try {
    // So that there is a connection before it hangs.
    for (const one of led) assert.equal(await ask(dialer, one), 'before');
    cluster.signal(hung, 'SIGSTOP');
    const answers = await (async () => {
      try {
        await cluster.untilDown(hung);
        for (const { object } of led) await pool.writeFull(object, utf8Bytes('meanwhile'));
        await load.readAll();
        // They are what it reads first when it wakes up: before anything that could tell it what has become of it.
        const { bytesSent } = dialer.metrics;
        const asked = led.map((one) => ask(dialer, one));
        await until('they are on their way', () => dialer.metrics.bytesSent > bytesSent);
        return asked;
      } finally {
        cluster.signal(hung, 'SIGCONT');
      }
    })();
    const again = led.map((one) => ask(dialer, one));
    for (const answer of await Promise.all([...answers, ...again])) {
      assert.ok(answer !== 'before', 'it answers with what was overwritten');
      assert.ok(answer !== 'meanwhile', 'it answers in a term that is over');
    }
    await cluster.untilUp(hung);
    await cluster.untilClean();
  } finally {
    await dialer.close();
  }
}

/** One that is patient with a peer that does not answer. */
function dialerTo({ credentials }: RealCluster, [first]: readonly Led[]): Dialer {
  assert.ok(first !== undefined, 'it leads some PG');
  const { name, fsid, key } = credentials;
  const { address } = first.route;
  const identity = { name, role: 'client', fsid };
  const patient = { pingIdleMs: patienceMs, silenceMs: 2 * patienceMs, sendStallMs: 2 * patienceMs };
  return new Dialer(here, { address, identity, expectedName: hung, ...patient }, { key: serviceKeyOf(key, 'osd') });
}

/** What it said, or the code of its refusal. */
async function ask(dialer: Dialer, { object, route }: Led): Promise<string> {
  const { pg, term } = route;
  const nobody = { session: new Uint8Array(16), request: 0, floor: 0 };
  const parts = { guards: [], reads: [{ kind: 'read', offset: 0, bytes: 100 }], changes: [] } as const;
  const header: OpRequest = {
    ...pg,
    term,
    ...objectNameOf(object),
    ...nobody,
    ...parts,
    call: undefined,
    trace: undefined,
  };
  try {
    const { payload } = await dialer.call(opMethod, header, within(patienceMs));
    return Buffer.from(payload).toString('utf8');
  } catch (error) {
    if (!isCairnError(error)) throw error;
    return error.code;
  }
}

function objectsLedBy({ map, pool }: RealCluster, name: string): Led[] {
  const osd = osdId(Number(name.slice('osd.'.length)));
  const led = Array.from({ length: 4 * pool.pgNum }, (_, i) => {
    const object = `asked-${name}-${i}`;
    const hash = objectHash(pool.id, objectNameOf(object));
    const target: Target = { pool: pool.id, pgOf: (pgNum) => pgOfHash(hash, pgNum) };
    return { object, routing: routeBy(map, target) };
  }).flatMap(({ object, routing }) =>
    routing.kind === 'route' && routing.route.osd === osd ? [{ object, route: routing.route }] : [],
  );
  assert.ok(led.length > 0, `${name} leads some PG`);
  return led;
}
