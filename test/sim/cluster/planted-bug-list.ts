/**
 * Bugs that PG replication could have (PG-PROTOCOL.md section 7 has their shortest histories). Each is planted by replacing code
 * of `dist/`. Where no seed is named, none was searched for long enough.
 */
import type { PlantedBug } from '../planted-bugs.js';

const primary = 'osd/pg/primary';

export const plantedBugs: readonly PlantedBug[] = [
  {
    name: 'no-lease-wait',
    seed: 1,
    words: ['--faults', 'company'],
    changes: [
      {
        file: `${primary}/activation.js`,
        from: `await Promise.all([levelled, untilPromisesAreOver(parts, wait)]);`,
        to: `await levelled;`,
      },
    ],
  },
  {
    name: 'ack-before-the-slowest',
    seed: 1,
    words: ['--faults', 'leave-behind'],
    changes: [
      {
        file: 'osd/pg/replication.js',
        from: `return Math.min(this.everywhere, joined);`,
        to: `return Math.min([...this.#durable.values()].sort((a, b) => b - a)[1] ?? own, joined);`,
      },
    ],
  },
  {
    name: 'ack-before-sync',
    seed: 1,
    words: ['--faults', 'power-under-load'],
    changes: [
      {
        file: 'osd/pg/replica-term.js',
        from: `            await durable;
            this.#outstanding -= 1;`,
        to: `            this.#outstanding -= 1;`,
      },
      {
        file: `${primary}/append.js`,
        from: `durable.then(() => primary.durable(seq), () => undefined);`,
        to: `primary.durable(seq);`,
      },
    ],
  },
  {
    name: 'payload-released-early',
    seed: 1,
    changes: [
      {
        file: 'osd/pg/pg-service.js',
        from: `await role.append(header, payload, () => request.release());`,
        to: `request.release(), await role.append(header, payload, () => undefined);`,
      },
    ],
  },
  {
    name: 'no-term-check-on-a-replica',
    seed: 1,
    words: ['--faults', 'deaf'],
    changes: [
      {
        file: 'osd/pg/pg-service.js',
        from: `if (role?.term.number === header.term)`,
        to: `if (role !== undefined)`,
      },
    ],
  },
  {
    name: 'dedupe-lost-at-failover',
    seed: 1,
    words: ['--faults', 'late'],
    changes: [
      {
        file: `${primary}/primary-term.js`,
        from: `await this.sessions.catchUp(copy, term.host.runtime.clock.now());`,
        to: ``,
      },
    ],
  },
  {
    name: 'last-in-sync-member-dropped',
    seed: 1,
    words: ['--faults', 'late-confirm'],
    changes: [
      {
        file: 'cluster/pg/confirm.js',
        from: `const missing = record.acting.find((member) => !context.isUp(member));`,
        to: `const missing = undefined;`,
      },
    ],
  },
  {
    name: 'eligible-that-is-not',
    seed: 1,
    words: ['--faults', 'see-saw'],
    changes: [
      {
        file: 'osd/pg/term.js',
        from: `return this.#record.eligible.length === 0;`,
        to: `return true;`,
      },
    ],
  },
  {
    name: 'joiner-admitted-early',
    seed: 1,
    words: ['--faults', 'process,wipe,out'],
    changes: [
      {
        file: `${primary}/join-attempt.js`,
        from: `            await stream.copyBehind();
            await new Backfill(this.#primary, stream).run();`,
        to: ``,
      },
    ],
  },
  {
    name: 'cursor-ahead-of-data',
    seed: 7,
    words: ['--faults', 'broken-joins'],
    changes: [
      {
        file: `${primary}/backfill.js`,
        from: `        this.#open.delete(key);
        await this.#stream.copyObject`,
        to: `        this.#open.delete(key);
        this.#stream.moveCursor(key);
        await this.#primary.term.sleep(20);
        await this.#stream.copyObject`,
      },
    ],
  },
  {
    name: 'catch-up-skips-keys',
    seed: 7,
    words: ['--faults', 'process,network,down'],
    changes: [
      {
        file: `${primary}/join-stream.js`,
        from: `        for (const one of touched) {`,
        to: `        for (const one of touched) {
            if (one.kind === 'omap-value' || one.kind === 'omap-key') continue;`,
      },
    ],
  },
  {
    name: 'written-while-cut-off',
    seed: undefined,
    words: ['--faults', 'broken-joins'],
    changes: [
      {
        file: `${primary}/resumed-objects.js`,
        from: `if (resumed !== undefined && seq > resumed.after)`,
        to: `if (false)`,
      },
    ],
  },
  {
    name: 'divergent-entry-kept',
    seed: 1,
    words: ['--faults', 'hermit'],
    changes: [
      {
        file: 'osd/pg/joiner-term.js',
        from: `await this.#copy.takeOver({ mutations, cutAfter: after });`,
        to: `await this.#copy.takeOver({ mutations });`,
      },
    ],
  },
  {
    name: 'read-without-lease',
    seed: 3,
    words: ['--faults', 'company'],
    changes: [
      {
        file: `${primary}/run-op.js`,
        from: `await primary.untilReadable(caller);`,
        to: `;`,
      },
    ],
  },
  {
    name: 'restart-forgets-its-lease',
    seed: 8,
    words: ['--faults', 'company'],
    changes: [{ file: 'osd/pg/pg.js', from: `if (left > 0)`, to: `if (left < 0)` }],
  },
  {
    name: 'stale-map-accepted',
    seed: 1,
    words: ['--faults', 'late-maps'],
    changes: [
      {
        file: 'osd/daemon/standing.js',
        from: `if (map.epoch < self.registeredAt)`,
        to: `if (map.epoch < 0)`,
      },
    ],
  },
  {
    name: 'reply-before-an-earlier-write',
    seed: 1,
    words: ['--faults', 'hermit'],
    changes: [
      {
        file: `${primary}/run-op.js`,
        from: `await primary.gate.passed(outcome.seen);`,
        to: `if (outcome.isChange) await primary.gate.passed(outcome.seen);`,
      },
    ],
  },
  {
    name: 'answers-lost-at-a-split',
    seed: 1,
    words: ['--splits', 'yes', '--faults', 'process,network'],
    changes: [
      {
        file: 'osd/store/apply/apply-split.js',
        from: `const owner = lists.has(number) ? number : this.#own;`,
        to: `const owner = this.#own;`,
      },
    ],
  },
  {
    name: 'promises-lost-at-a-split',
    seed: 4,
    words: ['--splits', 'yes', '--faults', 'company'],
    changes: [
      {
        file: 'osd/pg/lease/grantor.js',
        from: `if (promises === undefined || promises.size === 0)`,
        to: `if (promises !== undefined)`,
      },
    ],
  },
  {
    // Replicas run the next version of the program, whose locks have no descriptions.
    name: 'call-replicated',
    seed: 1,
    words: ['--faults', 'process'],
    changes: [
      {
        file: 'osd/classes/lock.js',
        from: `{ owner, cookie, description }];
    return changed(`,
        to: `{ owner, cookie, description: reader.isNextVersion ? '' : description }];
    return changed(`,
      },
      {
        file: `${primary}/append.js`,
        from: `changesPg: trim`,
        to: `call: request.call, changesPg: trim`,
      },
      {
        file: `${primary}/primary-term.js`,
        from: `const sent = { position,`,
        to: `const sent = { call: entry.call, position,`,
      },
      {
        file: `${primary}/primary-term.js`,
        from: `prev: positionHeader(prev), commit, record };`,
        to: `prev: positionHeader(prev), commit, record, ...(entry.call === undefined ? {} : { call: entry.call }) };`,
      },
      {
        file: 'osd/pg/replica-term.js',
        from: `return this.#submit(transaction, entry.seq, waiting);`,
        to: `if (message.call === undefined) return this.#submit(transaction, entry.seq, waiting);
        this.#isApplying = true;
        void (async () => {
            const { store, classes } = this.term.host;
            const { object } = entry;
            const { class: name, method, input } = message.call;
            const view = Object.assign(new ObjectView(store.objects, object), { isNextVersion: true });
            const { changes } = await classes.get(name + '.' + method)(view, input);
            const mutations = changes.map((change) =>
                change.kind === 'set-attribute'
                    ? { kind: 'set-attributes', object, set: new Map([[change.name, change.value]]) }
                    : { kind: 'remove-attributes', object, names: [change.name] });
            mutations.push(...transaction.mutations.filter((mutation) => mutation.object === undefined));
            if (this.term.ended !== undefined) return over(waiting);
            if (this.#submit({ ...transaction, mutations, encoded: undefined }, entry.seq, waiting)) this.#applied();
        })();
        return false;`,
      },
      {
        file: 'osd/pg/replica-term.js',
        from: `import { isSamePosition } from './types.js';`,
        to: `import { isSamePosition } from './types.js'; import { ObjectView } from './execute/object-view.js';`,
      },
    ],
  },
];
