/** Whether a Ceph is ready for clients, by `ceph status --format json`. */

interface CephStatus {
  readonly pgmap: {
    readonly num_pgs: number;
    /** Absent as long as there is none. */
    readonly pgs_by_state?: readonly { readonly state_name: string; readonly count: number }[];
  };
}

/** Every PG that there is, and at least `pgs`, has all its copies where they belong. */
export function isClean(statusJson: string, pgs: number): boolean {
  const { pgmap } = JSON.parse(statusJson) as CephStatus;
  const clean = pgmap.pgs_by_state?.find(({ state_name: state }) => state === 'active+clean')?.count ?? 0;
  return clean >= pgs && clean === pgmap.num_pgs;
}
