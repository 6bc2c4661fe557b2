import assert from 'node:assert/strict';
import { isClean } from '../../../bench/ceph/pool-state.js';

/** The part of `ceph status --format json` of Ceph 16.2.15 that is read, and some beside it. */
function status(states: string, pgs: number): string {
  return (
    '\n{"fsid":"2c1a6647-cd64-4d0a-a963-a63110dba30e","health":{"status":"HEALTH_WARN","checks":{},"mutes":[]},' +
    '"osdmap":{"epoch":13,"num_osds":3,"num_up_osds":3,"num_in_osds":3,"num_remapped_pgs":0},' +
    `"pgmap":{"pgs_by_state":[${states}],"num_pgs":${pgs},"num_pools":2,"num_objects":3775,"data_bytes":15454256},` +
    '"mgrmap":{"available":true,"num_standbys":0,"modules":["iostat","nfs","restful"],"services":{}}}\n'
  );
}

describe('bench: the state of PGs of Ceph', () => {
  const clean = '{"state_name":"active+clean","count":65}';
  const cases = [
    { name: 'all are active and clean', json: status(clean, 65), isReady: true },
    { name: 'one is still made', json: status(`${clean},{"state_name":"unknown","count":1}`, 66), isReady: false },
    { name: 'none is clean', json: status('{"state_name":"active+undersized","count":65}', 65), isReady: false },
    {
      name: "the pool's are not there yet",
      json: status('{"state_name":"active+clean","count":1}', 1),
      isReady: false,
    },
    { name: 'nothing has reported', json: '{"pgmap":{"num_pgs":0}}', isReady: false },
  ];
  for (const { name, json, isReady } of cases) {
    it(`is ${isReady ? '' : 'not '}ready when ${name}`, () => assert.equal(isClean(json, 64), isReady));
  }
});
