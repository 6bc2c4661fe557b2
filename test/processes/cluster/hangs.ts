/** OSDs that hang (SIGSTOP), and wake up when others have taken over. */
import assert from 'node:assert/strict';
import { isCairnError } from '../../../base/errors.js';
import { utf8Bytes } from '../../../base/bytes.js';
import { objectNameOf } from '../../../client/operation.js';
import { type OpRequest, opMethod } from '../../../protocol/osd-methods.js';
import { Dialer } from '../../../wire/dialer.js';
import { serviceKeyOf } from '../../../wire/service-key.js';
import { here, until, within } from '../children.js';
import { busiestLeader, type Led, ledBy } from './led-by.js';
import { patienceMs, type RealCluster } from './real-cluster.js';
import { type FaultCase, pauseMsMax } from './under-load.js';
import type { VerifiedLoad } from './verified-load.js';

const before = 'before';
const meanwhile = 'meanwhile';

export const hangCases: readonly FaultCase[] = [
  {
    title: 'a primary hangs: others take over, and when it wakes up it answers nothing in the terms that it led',
    short: 'hang a primary',
    run: hang,
    pauseMsMax,
  },
];

async function hang(cluster: RealCluster, load: VerifiedLoad): Promise<void> {
  const [pool] = cluster.pools;
  assert.ok(pool !== undefined, 'there is a client');
  const hung = busiestLeader(cluster);
  const led = ledBy(cluster, hung);
  const [first] = led;
  assert.ok(first !== undefined, 'it leads some PG');
  for (const { object } of led) await pool.writeFull(object, utf8Bytes(before));
  const dialer = dialerTo(cluster, first);
  try {
    // So that there is a connection before it hangs.
    for (const one of led) assert.equal(await ask(dialer, one), before);
    cluster.signal(hung, 'SIGSTOP');
    // So that it looks at this connection before it looks at that to the monitors, where a newer map waits for it by then.
    const herald = ask(dialer, first);
    const answers = await (async () => {
      try {
        await cluster.untilDown(hung);
        for (const { object } of led) await pool.writeFull(object, utf8Bytes(meanwhile));
        await load.readAll();
        const { bytesSent } = dialer.metrics;
        const asked = led.map((one) => ask(dialer, one));
        await until('they are on their way', () => dialer.metrics.bytesSent > bytesSent);
        return asked;
      } finally {
        cluster.signal(hung, 'SIGCONT');
      }
    })();
    const again = led.map((one) => ask(dialer, one));
    // Asked before anything was overwritten, it may be answered with either.
    await herald;
    for (const answer of await Promise.all([...answers, ...again])) {
      assert.ok(![before, meanwhile].includes(answer), `it answered ${answer}, in a term that is over`);
    }
    await cluster.untilUp(hung);
    await cluster.untilClean();
  } finally {
    await dialer.close();
  }
}

/** One that is patient with a peer that does not answer. */
function dialerTo({ credentials }: RealCluster, { route }: Led): Dialer {
  const { name, fsid, key } = credentials;
  const { address } = route;
  const identity = { name, role: 'client', fsid };
  const patient = { pingIdleMs: patienceMs, silenceMs: 2 * patienceMs, sendStallMs: 2 * patienceMs };
  return new Dialer(
    here,
    { address, identity, expectedName: `osd.${route.osd}`, ...patient },
    { key: serviceKeyOf(key, 'osd') },
  );
}

/** Which of the two is there, by its size (known without looking at the disk, so told as soon as possible), or why it does not say. */
async function ask(dialer: Dialer, { object, route }: Led): Promise<string> {
  const { pg, term } = route;
  const nobody = { session: new Uint8Array(16), request: 0, floor: 0 };
  const parts = { guards: [], reads: [{ kind: 'stat' }], changes: [] } as const;
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
    const [result] = (await dialer.call(opMethod, header, within(patienceMs))).header.results;
    const size = result?.kind === 'stat' ? result.stat?.size : undefined;
    return [before, meanwhile].find(({ length }) => length === size) ?? 'something else';
  } catch (error) {
    if (!isCairnError(error)) throw error;
    return error.message;
  }
}
