/** The OSD's HTTP port for monitoring: nothing can be changed there. */
import type { MetricsRegistry } from '../../base/metrics/registry.js';
import type { NodeAddress } from '../../cluster/osd.js';
import { routes } from '../../runtime/http-routes.js';
import type { HttpListener, HttpResponse, HttpServerFactory } from '../../runtime/http.js';
import type { OsdStatus } from './status.js';

export interface AdminPortParts {
  readonly metrics: MetricsRegistry;
  readonly status: () => OsdStatus;
}

/**
 * `/healthz` is 200 while the process works, `/readyz` only while the cluster counts it as up and it runs its PGs: a
 * supervisor restarts by the first, who rolls out an upgrade waits for the second.
 */
export function listenForMonitoring(
  http: HttpServerFactory,
  address: NodeAddress,
  { metrics, status }: AdminPortParts,
): Promise<HttpListener> {
  const describe = (isHealthy: boolean): HttpResponse => ({
    status: isHealthy ? 200 : 503,
    contentType: 'application/json',
    body: `${JSON.stringify(facts(status()))}\n`,
  });
  return http.listen(
    address,
    routes({
      '/metrics': async () => ({
        status: 200,
        contentType: 'text/plain; version=0.0.4; charset=utf-8',
        body: metrics.render(),
      }),
      '/healthz': async () => describe(true),
      '/readyz': async () => describe(status().state === 'serving'),
    }),
  );
}

function facts({ osd, state, self, epoch, pgs }: OsdStatus) {
  return { name: `osd.${osd}`, state, store: self?.store, boot: self?.boot, epoch, pgs: pgs.pgs, leading: pgs.leading };
}
