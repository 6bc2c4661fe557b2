/** Whether this monitor leads, and what it does every beat while it does. */
import { CairnError, toCairnError } from '../../base/errors.js';
import { type MonotonicMs, monotonicMs, type WallMs } from '../../base/instants.js';
import type { Runtime } from '../../runtime/runtime.js';
import type { CommandTable } from '../commands/types.js';
import type { Consensus } from '../consensus/types.js';
import { FailureWatch } from '../leader/failure-watch.js';
import { Lead } from '../leader/lead.js';
import { LogShipping } from '../leader/log-shipping.js';
import { MembershipChanges } from '../leader/membership-changes.js';
import type { RaftStatus } from '../raft/output.js';
import type { SoftState } from '../soft-state.js';
import type { MonitorMachine } from '../state/machine.js';

export interface LeadingParts {
  readonly consensus: Consensus;
  readonly machine: MonitorMachine;
  readonly table: CommandTable;
  readonly soft: () => SoftState;
  readonly name: string;
  /** Of this machine, for the syslog server. */
  readonly hostname: string;
  /** Called when this monitor has begun or ceased to lead. */
  readonly onChanged: () => void;
  /** Called right before the first of what it does as the leader. */
  readonly onLead: () => void;
}

/** One term of leading: gone with it. */
export interface Office {
  readonly lead: Lead;
  readonly membership: MembershipChanges;
  readonly failures: FailureWatch;
  readonly shipping: LogShipping;
  /** In the cluster's time. */
  readonly since: WallMs;
}

/** Everything committed before must be applied within this, or the lead is of no use; tried again then. */
const takeOverMs = 10_000;

export class Leading {
  readonly #runtime: Runtime;
  readonly #parts: LeadingParts;
  #office: Office | undefined;
  #isTakingOver = false;
  #isRenewing = false;
  #isClosed = false;
  /** Messages of earlier terms on their way out. */
  readonly #closings = new Set<Promise<void>>();

  constructor(runtime: Runtime, parts: LeadingParts) {
    this.#runtime = runtime;
    this.#parts = parts;
  }

  /** While this monitor leads and knows all that was committed before its term. */
  get office(): Office | undefined {
    return this.#office;
  }

  onStatus(status: RaftStatus): void {
    const { role, isReady, term } = status;
    if (this.#office !== undefined && (role !== 'leader' || this.#office.lead.term !== term)) this.#leave();
    if (role === 'leader' && isReady && this.#office === undefined) this.#takeOver(term);
  }

  /** Every 100 ms. */
  beat(now: MonotonicMs): void {
    const status = this.#parts.consensus.status;
    this.onStatus(status);
    const office = this.#office;
    if (office === undefined) return;
    office.shipping.pump();
    office.membership.step();
    office.failures.beat(now, office.lead.wall());
    if (office.lead.wantsCommit) this.#renew(office.lead);
  }

  close(): void {
    this.#isClosed = true;
    if (this.#office !== undefined) this.#leave();
  }

  /** Resolves when nothing of what `close` ended is left. */
  get closed(): Promise<unknown> {
    return Promise.all(this.#closings);
  }

  #takeOver(term: number): void {
    if (this.#isTakingOver || this.#isClosed) return;
    this.#isTakingOver = true;
    const { consensus, machine, table, soft, name, hostname } = this.#parts;
    const deadline = monotonicMs(this.#runtime.clock.now() + takeOverMs);
    consensus
      .readBarrier({ deadline })
      .then(() => {
        if (this.#isClosed || consensus.status.role !== 'leader' || consensus.status.term !== term) return;
        this.#parts.onLead();
        const lead = new Lead(this.#runtime, { consensus, machine, table, soft });
        const membership = new MembershipChanges({ lead, consensus, machine, log: this.#runtime.log });
        const failures = new FailureWatch(this.#runtime, { lead, machine });
        const shipping = new LogShipping(this.#runtime, machine.state, { hostname, name: `mon.${name}` });
        this.#office = { lead, membership, failures, shipping, since: lead.wall() };
        this.#runtime.log.info({ term }, 'this monitor leads');
        this.#note(lead, `mon.${name} leads (term ${term})`);
        this.#parts.onChanged();
      })
      .catch((error: unknown) => {
        this.#runtime.log.warn({ term, reason: toCairnError(error).message }, 'could not take the lead up yet');
      })
      .finally(() => {
        this.#isTakingOver = false;
      });
  }

  #leave(): void {
    const office = this.#office;
    this.#office = undefined;
    office?.lead.close(
      new CairnError('CONFLICT', 'this monitor leads no more; ask the next leader', { details: { lostLead: true } }),
    );
    if (office !== undefined) {
      const closing = office.shipping.close().finally(() => this.#closings.delete(closing));
      this.#closings.add(closing);
    }
    this.#runtime.log.info({ term: office?.lead.term }, 'this monitor leads no more');
    this.#parts.onChanged();
  }

  #note(lead: Lead, message: string): void {
    const source = `mon.${this.#parts.name}`;
    lead
      .submit({
        name: 'mon.note',
        id: undefined,
        deadline: undefined,
        audit: undefined,
        evaluate: () => ({ result: undefined, log: [{ source, severity: 'info', message }] }),
      })
      .catch((error: unknown) => {
        this.#runtime.log.info({ reason: toCairnError(error).message }, 'a note for the cluster log was lost');
      });
  }

  /** Something must be committed for time to go on: an entry that says nothing else. */
  #renew(lead: Lead): void {
    if (this.#isRenewing) return;
    this.#isRenewing = true;
    lead
      .renewTime()
      .catch((error: unknown) => {
        this.#runtime.log.info({ reason: toCairnError(error).message }, 'the limit of time was not renewed');
      })
      .finally(() => {
        this.#isRenewing = false;
      });
  }
}
