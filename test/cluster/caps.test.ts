import assert from 'node:assert/strict';
import { type CapRequest, checkCaps, mayRun, parseCaps } from '../../cluster/caps.js';

const inPool = (access: CapRequest['access'], name: string, application = ''): CapRequest => ({
  service: 'osd',
  access,
  pool: { name, application },
});
const ofMon = (access: CapRequest['access'], area?: CapRequest['area']): CapRequest => ({
  service: 'mon',
  access,
  ...(area === undefined ? {} : { area }),
});

describe('caps', () => {
  const cases: readonly (readonly [string, CapRequest, boolean])[] = [
    ['allow r', ofMon('r'), true],
    ['allow r', ofMon('w'), false],
    ['allow rw', ofMon('w', 'pool'), true],
    ['allow rw', ofMon('x'), false],
    ['allow rwx', ofMon('x'), true],
    ['allow x', ofMon('r'), false],
    ['allow *', ofMon('x'), true],
    ['allow rw pool=a', inPool('w', 'a'), true],
    ['allow rw pool=a', inPool('w', 'b'), false],
    ['allow rw pool=a', { service: 'osd', access: 'r' }, false],
    ['allow r, allow w pool=a', inPool('w', 'a'), true],
    ['allow r,allow w pool=a', inPool('w', 'b'), false],
    ['allow r,allow w pool=a', inPool('r', 'b'), true],
    ['profile admin', ofMon('x'), true],
    ['profile admin', inPool('x', 'a'), true],
    ['profile monitor', ofMon('x'), true],
    ['profile monitor', inPool('r', 'a'), false],
    ['profile osd', ofMon('w', 'daemon'), true],
    ['profile osd', ofMon('w'), false],
    ['profile osd', ofMon('x', 'daemon'), false],
    ['profile osd', ofMon('x', 'service-key'), true],
    ['profile gateway', ofMon('x', 'service-key'), false],
    ['profile read-only', ofMon('r', 'service-key'), true],
    ['profile read-only', ofMon('x', 'service-key'), false],
    ['profile osd', inPool('x', 'a'), true],
    ['profile gateway', ofMon('w', 'pool'), true],
    ['profile gateway', ofMon('w', 'cluster'), false],
    ['profile gateway', inPool('x', 'a', 's3'), true],
    ['profile gateway', inPool('r', 'a', 'volume'), false],
    ['profile gateway pool=a', inPool('w', 'a', 'volume'), true],
    ['profile volume', ofMon('w', 'pool'), false],
    ['profile volume', inPool('w', 'a', 'volume'), true],
    ['profile volume', inPool('w', 'a', 's3'), false],
    ['profile volume pool=a', inPool('w', 'b', 'volume'), false],
    ['profile read-only', ofMon('r'), true],
    ['profile read-only', inPool('r', 'a'), true],
    ['profile read-only', inPool('w', 'a'), false],
    ['profile later-version', ofMon('r'), false],
    ['allow r, profile later-version', ofMon('r'), false],
  ];
  for (const [text, request, allowed] of cases) {
    it(`"${text}" ${allowed ? 'allow' : 'do not allow'} ${JSON.stringify(request)}`, () => {
      assert.equal(mayRun({ caps: new Map([[request.service, text]]) }, request), allowed);
    });
  }

  it('of one service say nothing about another', () => {
    assert.equal(mayRun({ caps: new Map([['osd', 'allow *']]) }, ofMon('r')), false);
  });

  const bad: readonly (readonly [string, RegExp])[] = [
    ['', /begins with neither/],
    ['deny r', /begins with neither/],
    ['allow', /no access/],
    ['allow wr', /no access/],
    ['allow rr', /no access/],
    ['allow r,', /begins with neither/],
    ['allow r pool=', /no limit/],
    ['allow r pool=a pool=b', /no limit/],
    ['allow r namespace=a', /no limit/],
    ['profile', /no profile/],
    ['profile rbd', /use admin, monitor, osd/],
    ['allow r,'.repeat(64) + 'allow r', /more than 64/],
  ];
  for (const [text, message] of bad) {
    it(`"${text.slice(0, 30)}" are refused, and the reason named`, () => {
      assert.throws(() => parseCaps(text), { code: 'INVALID_ARGUMENT', message });
    });
  }

  it('are for services that exist, and pools for OSDs only', () => {
    assert.throws(() => checkCaps(new Map([['mds', 'allow r']])), { code: 'INVALID_ARGUMENT', message: /for mds/ });
    assert.throws(() => checkCaps(new Map([['mon', 'allow r pool=a']])), { code: 'INVALID_ARGUMENT' });
    checkCaps(new Map(Object.entries({ mon: 'allow r', osd: 'allow rw pool=a, profile volume pool=b' })));
  });
});
