/** The monitor's HTTP port for monitoring: nothing can be changed there. */
import type { MetricsRegistry } from '../../base/metrics/registry.js';
import type { NodeAddress } from '../../cluster/osd.js';
import { routes } from '../../runtime/http-routes.js';
import type { HttpListener, HttpResponse, HttpServerFactory } from '../../runtime/http.js';
import type { SoftState } from '../soft-state.js';

export interface AdminPortParts {
  readonly name: string;
  readonly metrics: MetricsRegistry;
  /** Before they are rendered: what takes more than reading it. */
  readonly observe: () => Promise<void>;
  readonly status: () => SoftState;
  readonly epoch: () => number;
}

/**
 * `/healthz` is 200 while the process works, `/readyz` only while it has a leader: a supervisor restarts by the first, a
 * load balancer chooses by the second.
 */
export function listenForMonitoring(
  http: HttpServerFactory,
  address: NodeAddress,
  { name, metrics, observe, status, epoch }: AdminPortParts,
): Promise<HttpListener> {
  const describe = (isHealthy: boolean): HttpResponse => {
    const { raft, hasQuorum, leaderName } = status();
    const fields = {
      name: `mon.${name}`,
      role: raft.role,
      term: raft.term,
      leader: leaderName,
      hasQuorum,
      epoch: epoch(),
    };
    return {
      status: isHealthy ? 200 : 503,
      contentType: 'application/json',
      body: `${JSON.stringify(fields)}\n`,
    };
  };
  return http.listen(
    address,
    routes({
      '/metrics': async () => {
        await observe();
        return { status: 200, contentType: 'text/plain; version=0.0.4; charset=utf-8', body: metrics.render() };
      },
      '/healthz': async () => describe(true),
      '/readyz': async () => describe(status().hasQuorum),
    }),
  );
}
