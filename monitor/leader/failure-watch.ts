/** The failure detector at work: what it decides becomes changes of the map, what it notices lines of the cluster log. */
import { toCairnError } from '../../base/errors.js';
import type { MonotonicMs, WallMs } from '../../base/instants.js';
import { unreachable } from '../../base/invariant.js';
import type { OsdId } from '../../cluster/ids.js';
import { markDown, markOut } from '../../cluster/osd-changes.js';
import type { Runtime } from '../../runtime/runtime.js';
import { FailureDetector } from '../failure/detector.js';
import { failureSettingsOf } from '../failure/settings-of-map.js';
import { tickIntervalMs } from '../failure/settings.js';
import type { FailureFact, FailureInput, FailureOutput, MarkDown, MarkOut } from '../failure/types.js';
import type { MonitorMachine } from '../state/machine.js';
import type { Effects } from '../state/types.js';
import type { Decision } from './change-request.js';
import type { Lead } from './lead.js';

type LogLine = NonNullable<Effects<unknown>['log']>[number];

export interface FailureWatchParts {
  readonly lead: Lead;
  readonly machine: MonitorMachine;
}

export class FailureWatch {
  readonly #runtime: Runtime;
  readonly #parts: FailureWatchParts;
  readonly #detector: FailureDetector;
  #config: ReadonlyMap<string, string>;
  #epoch: number;
  #tickedAt: MonotonicMs;

  /** With the beginning of a term: nobody is taken for silent before a grace from here. */
  constructor(runtime: Runtime, parts: FailureWatchParts) {
    this.#runtime = runtime;
    this.#parts = parts;
    const { map } = parts.machine.state;
    const now = runtime.clock.now();
    this.#detector = new FailureDetector({ settings: failureSettingsOf(map), map, now });
    this.#config = map.config;
    this.#epoch = map.epoch;
    this.#tickedAt = now;
  }

  take(input: FailureInput): void {
    this.#carryOut(this.#detector.step(input));
  }

  mapChanged(at: MonotonicMs): void {
    const { map } = this.#parts.machine.state;
    if (map.epoch === this.#epoch) return;
    this.#epoch = map.epoch;
    if (map.config !== this.#config) {
      this.#config = map.config;
      this.take({ kind: 'settings', settings: failureSettingsOf(map) });
    }
    this.take({ kind: 'map', map, at });
  }

  beat(now: MonotonicMs, wall: WallMs): void {
    if (now - this.#tickedAt < tickIntervalMs) return;
    this.#tickedAt = now;
    this.take({ kind: 'tick', now, wall });
  }

  #carryOut(outputs: readonly FailureOutput[]): void {
    for (const output of outputs) {
      switch (output.kind) {
        case 'mark-down':
          this.#change('osd.failed', (view, wall) => downEffects(view.map, output.osds, wall));
          break;
        case 'mark-out':
          this.#change('osd.down-out', (view) => outEffects(view.map, output.osds));
          break;
        case 'fact':
          this.#notice(output.fact);
          break;
        default:
          unreachable(output);
      }
    }
  }

  /** Lost with the lead: the next leader comes to the same. */
  #change(name: string, evaluate: Parameters<Lead['submit']>[0]['evaluate']): void {
    this.#parts.lead
      .submit({ name, id: undefined, deadline: undefined, audit: undefined, evaluate })
      .catch((error: unknown) => {
        this.#runtime.log.warn({ change: name, reason: toCairnError(error).message }, 'a mark did not go through');
      });
  }

  #notice(fact: FailureFact): void {
    const line = describeFact(fact);
    this.#runtime.log.info({ fact }, 'the failure detector noticed something');
    if (line !== undefined) this.#change('osd.notice', () => ({ result: undefined, log: [line] }));
  }
}

type ViewMap = Parameters<typeof markDown>[0];

/** Only lives that are still as the detector saw them: one that came up again since then is left alone. */
function downEffects(map: ViewMap, marks: readonly MarkDown[], wall: WallMs): Decision {
  const still = marks.filter(({ osd, upFrom }) => {
    const info = map.osds.get(osd);
    return info?.isUp === true && info.upFrom === upFrom;
  });
  return {
    result: undefined,
    changes: still.length === 0 ? [] : markDown(map, idsOf(still), wall),
    log: still.map(({ osd, why }): LogLine => ({
      source: `osd.${osd}`,
      severity: 'warn',
      message: `osd.${osd} marked down: ${why}`,
    })),
  };
}

function outEffects(map: ViewMap, marks: readonly MarkOut[]): Decision {
  const still = marks.filter(({ osd, downAt }) => {
    const info = map.osds.get(osd);
    return info?.isUp === false && info.downAt === downAt && info.isIn;
  });
  return {
    result: undefined,
    changes: still.length === 0 ? [] : markOut(map, idsOf(still), { isAuto: true }),
    log: still.map(({ osd, why }): LogLine => ({
      source: `osd.${osd}`,
      severity: 'warn',
      message: `osd.${osd} marked out: ${why}`,
    })),
  };
}

function idsOf(marks: readonly { readonly osd: OsdId }[]): OsdId[] {
  return marks.map(({ osd }) => osd);
}

/** What an operator should know; the rest is for the daemon's own log. */
function describeFact(fact: FailureFact): LogLine | undefined {
  switch (fact.kind) {
    case 'suspected':
    case 'stalled':
      return undefined;
    case 'isolated-reporter': {
      const message = `osd.${fact.osd} reports ${fact.reported} of its ${fact.peers} peers, which are alive: look at its network`;
      return { source: `osd.${fact.osd}`, severity: 'warn', message };
    }
    case 'held-back': {
      const message = `osd.${fact.osd} is not marked ${fact.mark}: ${fact.by}`;
      return { source: `osd.${fact.osd}`, severity: 'warn', message };
    }
    case 'flapping': {
      const message = `osd.${fact.osd} went down ${fact.downs} times in ten minutes: look at its disk and its network`;
      return { source: `osd.${fact.osd}`, severity: 'warn', message };
    }
    default:
      return unreachable(fact);
  }
}
