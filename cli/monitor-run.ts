/** `cairn monitor run`: the daemon, until somebody asks it to stop. */
import type { Command } from 'commander';
import { isCairnError } from '../base/errors.js';
import { listenForMonitoring } from '../monitor/daemon/admin-port.js';
import { Monitor } from '../monitor/daemon/monitor.js';
import type { MonitorInfo } from '../cluster/map.js';
import { type Credentials, credentialsOf, storedCredentials } from '../protocol/credentials.js';
import { parseWith } from '../protocol/schema.js';
import { keepFilesPrivate } from '../runtime/node/private-files.js';
import { createNodeRuntime, stopOnUncaught } from '../runtime/node/runtime.js';
import { exportProcessMetrics } from '../runtime/node/process-metrics.js';
import { untilSignal } from '../runtime/node/until-signal.js';
import type { Runtime } from '../runtime/runtime.js';
import type { Settings } from '../runtime/config/option.js';
import { readTls, type TlsPaths } from '../runtime/node/tls-files.js';
import { tlsIn } from './cluster-conf.js';
import type { CliContext } from './context.js';
import { encodeMonitorFile, monitorSettings } from './monitor-settings.js';
import { addSettingOptions, settingsOf } from './setting-options.js';
import { wholeTls } from './tls-choice.js';
import { version } from './version.js';
import * as z from 'zod/mini';

export function addMonitorRun(monitor: Command, context: CliContext): void {
  const command = monitor
    .command('run')
    .description(
      'Run a monitor until SIGTERM or Ctrl-C. With an empty directory it joins its cluster as a learner first: so a ' +
        'monitor that lost its disk comes back by itself.',
    )
    .addHelpText(
      'after',
      '\nSettings come from the file named by --conf, over it the environment (CAIRN_ADDRESS...), over that the options.\n' +
        '\nExamples:\n  cairn monitor run --conf /etc/cairn/mon.a.yaml\n  cairn monitor run --conf /etc/cairn/mon.a.yaml --log-level debug',
    );
  addSettingOptions(command, monitorSettings);
  command.action(async (_options: unknown, self: Command) => {
    const { conf } = self.optsWithGlobals<{ conf?: string }>();
    const disk = context.runtime('cli').disk;
    const { settings, warnings } = await settingsOf(disk, self, monitorSettings, { conf, env: context.env });
    const path = conf ?? context.env['CAIRN_CONF'];
    await run(context, settings, { path: path === undefined ? undefined : context.absolute(path), warnings });
  });
}

type MonitorSettings = Settings<typeof monitorSettings>;

async function run(
  context: CliContext,
  settings: MonitorSettings,
  { path, warnings }: { readonly path: string | undefined; readonly warnings: readonly string[] },
): Promise<void> {
  const { name, directory, address } = settings;
  const credentials = credentialsFrom(settings);
  const tlsPaths = tlsOf(context, settings);
  const logLevel = settings['log-level'] as 'info';
  const runtime = createNodeRuntime({ daemon: `mon.${name}`, logLevel });
  stopOnUncaught(runtime);
  keepFilesPrivate();
  for (const warning of warnings) runtime.log.warn({}, warning);
  const stopped = new AbortController();
  const removed = new AbortController();
  const signal = untilSignal().then((received) => {
    runtime.log.info({ signal: received }, 'stopping');
    stopped.abort();
  });
  const file = new MonitorsInFile(runtime, context, settings, credentials, path);
  let monitor: Monitor;
  try {
    const tls = tlsPaths === undefined ? undefined : await readTls(runtime, tlsPaths, credentials.name);
    monitor = await Monitor.start(
      runtime,
      {
        directory,
        name,
        address,
        credentials,
        tls,
        version,
        hostname: context.hostname,
        onMonitors: (monitors) => file.update(monitors),
        onRemoved: () => removed.abort(),
      },
      stopped.signal,
    );
  } catch (error) {
    if (isCairnError(error, 'CANCELLED') && stopped.signal.aborted) return;
    runtime.log.error({ err: error }, 'this monitor cannot start');
    throw error;
  }
  try {
    await serve(runtime, monitor, settings, Promise.race([signal, untilRemoved(runtime, removed.signal)]));
  } finally {
    await monitor.close();
  }
}

/** Until `end`. */
async function serve(runtime: Runtime, monitor: Monitor, settings: MonitorSettings, end: Promise<void>): Promise<void> {
  const { name } = settings;
  const adminAddress = settings['admin-address'];
  const { metrics } = monitor;
  const observe = (): Promise<void> => monitor.observe();
  const parts = { name, metrics, observe, status: () => monitor.status, epoch: () => monitor.state.map.epoch };
  const port = adminAddress === undefined ? undefined : await listenForMonitoring(runtime.http, adminAddress, parts);
  const processMetrics = exportProcessMetrics(monitor.metrics);
  runtime.log.info({ address: monitor.address, adminAddress: port?.address }, 'this monitor listens');
  await end;
  processMetrics.close();
  await port?.close();
}

/** A leader that removes itself still has to answer whoever asked for it, and to tell the others. */
const removedMs = 3_000;

function untilRemoved({ clock }: Runtime, removed: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    removed.addEventListener('abort', () => clock.after(removedMs, resolve));
    if (removed.aborted) resolve();
  });
}

function credentialsFrom(settings: MonitorSettings): Credentials {
  const { fsid, key, monitors, name } = settings;
  const stored = { fsid, key, monitors: [...monitors], name: `mon.${name}` };
  return credentialsOf(parseWith(z.object(storedCredentials), stored, 'the settings'));
}

/** Absolute, wherever they were named. */
function tlsOf({ absolute }: Pick<CliContext, 'absolute'>, settings: MonitorSettings): TlsPaths | undefined {
  const { 'tls-ca': ca, 'tls-cert': cert, 'tls-key': key } = settings;
  const tls = wholeTls({ ca, cert, key });
  return tls === undefined ? undefined : { ca: absolute(tls.ca), cert: absolute(tls.cert), key: absolute(tls.key) };
}

/** Keeps the list of monitors in the settings file true, for the day that this monitor's disk is lost. */
class MonitorsInFile {
  readonly #runtime: Runtime;
  readonly #context: CliContext;
  readonly #settings: MonitorSettings;
  readonly #path: string | undefined;
  #credentials: Credentials;
  #writing: Promise<void> = Promise.resolve();

  constructor(
    runtime: Runtime,
    context: CliContext,
    settings: MonitorSettings,
    credentials: Credentials,
    path: string | undefined,
  ) {
    this.#runtime = runtime;
    this.#context = context;
    this.#settings = settings;
    this.#credentials = credentials;
    this.#path = path;
  }

  update(monitors: readonly MonitorInfo[]): void {
    const addresses = monitors.map(({ address }) => address);
    const known = (list: Credentials['monitors']): string => JSON.stringify(list.map(({ host, port }) => [host, port]));
    if (this.#path === undefined || known(addresses) === known(this.#credentials.monitors)) return;
    const path = this.#path;
    this.#credentials = { ...this.#credentials, monitors: addresses };
    const { name, directory, address } = this.#settings;
    const bytes = encodeMonitorFile({
      name,
      directory,
      address,
      adminAddress: this.#settings['admin-address'],
      credentials: this.#credentials,
      tls: tlsIn(path, tlsOf(this.#context, this.#settings)),
      logLevel: this.#settings['log-level'] === 'info' ? undefined : this.#settings['log-level'],
    });
    this.#writing = this.#writing
      .then(() => this.#context.writeFile(path, bytes, { isPrivate: true }))
      .catch((error: unknown) => {
        this.#runtime.log.warn({ err: error, path }, 'the list of monitors in the settings file is not up to date');
      });
  }
}
