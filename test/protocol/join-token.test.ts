import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Credentials } from '../../protocol/credentials.js';
import { isCairnError } from '../../base/errors.js';
import { decodeJoinToken, encodeJoinToken } from '../../protocol/join-token.js';

const credentials: Credentials = {
  fsid: '0123456789abcdef0123456789abcdef',
  name: 'mon.d',
  key: Uint8Array.from({ length: 32 }, (_, i) => i),
  monitors: [
    { host: '10.0.0.1', port: 7000 },
    { host: 'fd00::1', port: 7001 },
  ],
};

/** What version 1 looks like for ever. */
const golden =
  'eyJ2IjoxLCJmc2lkIjoiMDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWYiLCJuYW1lIjoibW9uLmQiLCJrZXkiOiJBQUVDQXdRRkJnY0' +
  'lDUW9MREEwT0R4QVJFaE1VRlJZWEdCa2FHeHdkSGg4PSIsIm1vbml0b3JzIjpbIjEwLjAuMC4xOjcwMDAiLCJbZmQwMDo6MV06NzAwMSJdfQ';

const tokenOf = (fields: unknown): string => Buffer.from(JSON.stringify(fields)).toString('base64url');
const fields = JSON.parse(Buffer.from(golden, 'base64url').toString()) as Record<string, unknown>;

describe('a join token', () => {
  it('is written as version 1 has always been, and read back', () => {
    assert.equal(encodeJoinToken(credentials), golden);
    assert.deepEqual(decodeJoinToken(golden), credentials);
  });

  it('of a later version asks for a newer program', () => {
    assert.throws(() => decodeJoinToken(tokenOf({ ...fields, v: 2, extra: 1 })), { code: 'VERSION_MISMATCH' });
  });

  const refusals = [
    { name: 'an empty text', token: '' },
    { name: 'other characters', token: `${golden}=` },
    { name: 'a token without its end', token: golden.slice(0, -9) },
    { name: 'JSON that is no object', token: tokenOf(3) },
    { name: 'a short key', token: tokenOf({ ...fields, key: 'AAAA' }) },
    { name: 'no monitors', token: tokenOf({ ...fields, monitors: [] }) },
    { name: 'too many monitors', token: tokenOf({ ...fields, monitors: Array.from({ length: 65 }, () => 'a:1') }) },
    { name: 'an address without a port', token: tokenOf({ ...fields, monitors: ['10.0.0.1'] }) },
    { name: 'a port of 0', token: tokenOf({ ...fields, monitors: ['10.0.0.1:0'] }) },
    { name: 'another field', token: tokenOf({ ...fields, extra: 1 }) },
    { name: 'a token without bound', token: 'A'.repeat(1e6) },
  ];
  for (const c of refusals) {
    it(`refuses ${c.name}, without quoting it`, () => {
      assert.throws(
        () => decodeJoinToken(c.token),
        (error: unknown) =>
          isCairnError(error, 'INVALID_ARGUMENT') && error.cause === undefined && !error.message.includes('AAECAw'),
      );
    });
  }

  it('with any character changed is refused or says something else, and throws nothing unexpected', () => {
    fc.assert(
      fc.property(fc.nat(golden.length - 1), fc.constantFrom('A', 'z', '-', '9'), (at, letter) => {
        try {
          decodeJoinToken(golden.slice(0, at) + letter + golden.slice(at + 1));
        } catch (error) {
          assert.ok(isCairnError(error));
        }
      }),
    );
  });
});
