/** What becomes of a request after each way in which an attempt fails. */
import assert from 'node:assert/strict';
import { type Applied, CairnError, type ErrorCode } from '../../base/errors.js';
import { monotonicMs } from '../../base/instants.js';
import {
  Attempts,
  type Failure,
  newerMapMs,
  type Next,
  pauseMs,
  pauseMsMax,
  pauseMsMin,
  refusedMsMax,
} from '../../client/attempts.js';

function failure(
  code: ErrorCode,
  over: Partial<Failure> & { refusal?: string; applied?: Applied; newer?: number } = {},
) {
  const { refusal, applied = 'no', newer, ...rest } = over;
  const details = { ...(refusal === undefined ? {} : { refusal }), ...(newer === undefined ? {} : { epoch: newer }) };
  return {
    error: new CairnError(code, code, { applied, details }),
    now: monotonicMs(1_000),
    chance: 0,
    epoch: 5,
    isRerouted: false,
    isOver: false,
    ...rest,
  };
}

/** `again`, or how it ends and what the caller is told. */
function told(next: Next): string {
  if (next.kind === 'again') return 'again';
  return next.kind === 'over' ? `over ${next.applied}` : `${next.error.code} ${next.error.applied}`;
}

const lost = failure('CONNECTION_LOST', { applied: 'maybe' });

describe('after a failed attempt', () => {
  const cases = [
    {
      name: 'a guard that fails is the answer',
      steps: [failure('CONFLICT', { refusal: 'guard' })],
      outcome: 'CONFLICT no',
    },
    {
      name: 'so is an object that is not there',
      steps: [failure('NOT_FOUND', { refusal: 'object' })],
      outcome: 'NOT_FOUND no',
    },
    { name: 'a lost connection is no answer', steps: [lost], outcome: 'again' },
    {
      name: 'a guard, found to fail in the order of the object, settles what a lost attempt did',
      steps: [lost, failure('CONFLICT', { refusal: 'guard' })],
      outcome: 'CONFLICT no',
    },
    {
      name: 'a refusal of another kind does not',
      steps: [lost, failure('NO_SPACE')],
      outcome: 'NO_SPACE maybe',
    },
    { name: 'a full store is the answer', steps: [failure('NO_SPACE')], outcome: 'NO_SPACE no' },
    { name: 'a stale route is tried anew', steps: [failure('CONFLICT', { refusal: 'stale-route' })], outcome: 'again' },
    {
      name: 'a PG that does not serve, too',
      steps: [failure('OVERLOADED', { refusal: 'not-serving' })],
      outcome: 'again',
    },
    { name: 'a full session, too', steps: [failure('OVERLOADED', { refusal: 'session-full' })], outcome: 'again' },
    {
      name: 'a pool that the OSD has not heard of, too',
      steps: [failure('NOT_FOUND', { refusal: 'pool' })],
      outcome: 'again',
    },
    { name: 'a conflict without a reason is the answer', steps: [failure('CONFLICT')], outcome: 'CONFLICT no' },
    {
      name: 'a bug there is the answer',
      steps: [failure('INTERNAL', { applied: 'maybe' })],
      outcome: 'INTERNAL maybe',
    },
    {
      name: 'an answer that was forgotten leaves a doubt',
      steps: [failure('CONFLICT', { refusal: 'request-over' })],
      outcome: 'CONFLICT maybe',
    },
    {
      name: 'once it is over, what another attempt might have healed is told as that',
      steps: [failure('CONFLICT', { refusal: 'stale-route', isOver: true })],
      outcome: 'over no',
    },
    {
      name: 'with the doubt of all attempts',
      steps: [lost, failure('OVERLOADED', { isOver: true })],
      outcome: 'over maybe',
    },
    {
      name: 'one that was withdrawn for a better route goes on',
      steps: [failure('CANCELLED', { isRerouted: true, applied: 'maybe' })],
      outcome: 'again',
    },
    {
      name: 'and is over with the caller',
      steps: [failure('CANCELLED', { isRerouted: true, isOver: true, applied: 'maybe' })],
      outcome: 'over maybe',
    },
  ];
  for (const { name, steps, outcome } of cases) {
    it(name, () => {
      const attempts = new Attempts({ changes: true });
      const outcomes = steps.map((step) => told(attempts.failed(step)));
      assert.equal(outcomes.at(-1), outcome);
    });
  }

  it('what changes nothing was never applied', () => {
    const attempts = new Attempts({ changes: false });
    attempts.failed(lost);
    assert.equal(told(attempts.failed(failure('INTERNAL', { applied: 'maybe' }))), 'INTERNAL no');
  });

  it('waits for the map that a stale route speaks of, and for no older one', () => {
    const newer = new Attempts({ changes: true }).failed(failure('CONFLICT', { refusal: 'stale-route', newer: 7 }));
    assert.deepEqual(newer, { kind: 'again', pauseMs: newerMapMs, untilEpoch: 7 });
    const older = new Attempts({ changes: true }).failed(failure('CONFLICT', { refusal: 'stale-route', newer: 5 }));
    assert.deepEqual(older, { kind: 'again', pauseMs: pauseMsMin, untilEpoch: undefined });
  });

  it('gives a handshake that fails two seconds, then tells why', () => {
    const attempts = new Attempts({ changes: true });
    const refused = (ms: number) => {
      const error = new CairnError('AUTHENTICATION_FAILED', 'who?', { details: { isHandshake: true } });
      return { ...failure('INTERNAL'), error, now: monotonicMs(ms) };
    };
    assert.equal(told(attempts.failed(refused(0))), 'again');
    assert.equal(told(attempts.failed(refused(refusedMsMax - 1))), 'again');
    assert.equal(told(attempts.failed(refused(refusedMsMax))), 'AUTHENTICATION_FAILED no');
  });

  it('pauses longer each time, up to a bound, by half at most at random', () => {
    assert.equal(pauseMs(1, 0), pauseMsMin);
    assert.equal(pauseMs(3, 0), 4 * pauseMsMin);
    assert.equal(pauseMs(1_000, 0), pauseMsMax);
    assert.equal(pauseMs(1_000, 1), pauseMsMax / 2);
  });
});
