/** `cairn osd run`: the daemon, until somebody asks it to stop. */
import type { Command } from 'commander';
import * as z from 'zod/mini';
import { type CairnError, isCairnError } from '../base/errors.js';
import { listenForMonitoring } from '../osd/daemon/admin-port.js';
import { Osd } from '../osd/daemon/osd.js';
import { type Credentials, credentialsOf, storedCredentials } from '../protocol/credentials.js';
import { parseWith } from '../protocol/schema.js';
import type { Settings } from '../runtime/config/option.js';
import { keepFilesPrivate } from '../runtime/node/private-files.js';
import { exportProcessMetrics } from '../runtime/node/process-metrics.js';
import { createNodeRuntime, stopOnUncaught } from '../runtime/node/runtime.js';
import { readTls, type TlsPaths } from '../runtime/node/tls-files.js';
import { untilSignal } from '../runtime/node/until-signal.js';
import type { Runtime } from '../runtime/runtime.js';
import type { CliContext } from './context.js';
import { parseOsd } from './osd-arguments.js';
import { osdSettings } from './osd-settings.js';
import { addSettingOptions, settingsOf } from './setting-options.js';
import { wholeTls } from './tls-choice.js';
import { version } from './version.js';

export function addOsdRun(osd: Command, context: CliContext): void {
  const command = osd
    .command('run')
    .description('Run an OSD on the disk that `cairn osd mkfs` made, until SIGTERM or Ctrl-C.')
    .addHelpText(
      'after',
      '\nSettings come from the file named by --conf, over it the environment (CAIRN_PUBLIC_ADDRESS...), over that the options.\n' +
        'A new disk: `cairn osd new` writes the file, `cairn osd mkfs --conf FILE` makes the store, this runs it.\n' +
        '\nExamples:\n  cairn osd run --conf /etc/cairn/osd.3.yaml\n  cairn osd run --conf /etc/cairn/osd.3.yaml --log-level debug',
    );
  addSettingOptions(command, osdSettings);
  command.action(async (_options: unknown, self: Command) => {
    const { conf } = self.optsWithGlobals<{ conf?: string }>();
    const { disk } = context.runtime('cli');
    const { settings, warnings } = await settingsOf(disk, self, osdSettings, { conf, env: context.env });
    await run(context, settings, warnings);
  });
}

export type OsdRunSettings = Settings<typeof osdSettings>;

async function run(context: CliContext, settings: OsdRunSettings, warnings: readonly string[]): Promise<void> {
  const credentials = osdCredentials(settings);
  const tlsPaths = tlsOf(context, settings);
  const runtime = createNodeRuntime({ daemon: credentials.name, logLevel: settings['log-level'] as 'info' });
  stopOnUncaught(runtime);
  keepFilesPrivate();
  for (const warning of warnings) runtime.log.warn({}, warning);
  const stopped = new AbortController();
  const signal = untilSignal().then((received) => {
    runtime.log.info({ signal: received }, 'stopping');
    stopped.abort();
  });
  let onEnded: (error: CairnError) => void = () => undefined;
  const ended = new Promise<CairnError>((resolve) => {
    onEnded = resolve;
  });
  const osd = await start(runtime, context, { settings, credentials, tlsPaths, onEnded, signal: stopped.signal });
  if (osd === undefined) return;
  try {
    await serve(runtime, osd, settings, Promise.race([signal, ended]));
  } finally {
    await osd.close();
  }
  // It stopped by itself: whoever started it is told why, and that it failed.
  if (!stopped.signal.aborted) throw await ended;
}

interface Start {
  readonly settings: OsdRunSettings;
  readonly credentials: Credentials;
  readonly tlsPaths: TlsPaths | undefined;
  readonly onEnded: (error: CairnError) => void;
  readonly signal: AbortSignal;
}

/** `undefined` when asked to stop meanwhile. */
async function start(
  runtime: Runtime,
  context: CliContext,
  { settings, credentials, tlsPaths, onEnded, signal }: Start,
): Promise<Osd | undefined> {
  const { directory, location, 'public-address': publicAddress } = settings;
  try {
    const tls = tlsPaths === undefined ? undefined : await readTls(runtime, tlsPaths, credentials.name);
    return await Osd.start(
      runtime,
      {
        directory,
        credentials,
        publicAddress,
        clusterAddress: settings['cluster-address'] ?? publicAddress,
        hostname: context.hostname,
        version,
        tls,
        location,
        deviceClass: settings['device-class'],
        onEnded,
      },
      signal,
    );
  } catch (error) {
    if (isCairnError(error, 'CANCELLED') && signal.aborted) return undefined;
    runtime.log.error({ err: error }, 'this OSD cannot start');
    throw error;
  }
}

/** Until `end`. */
async function serve(runtime: Runtime, osd: Osd, settings: OsdRunSettings, end: Promise<unknown>): Promise<void> {
  const adminAddress = settings['admin-address'];
  const parts = { metrics: osd.metrics, status: () => osd.status };
  const port = adminAddress === undefined ? undefined : await listenForMonitoring(runtime.http, adminAddress, parts);
  const processMetrics = exportProcessMetrics(osd.metrics);
  runtime.log.info({ ...osd.addresses, adminAddress: port?.address }, 'this OSD listens');
  await end;
  processMetrics.close();
  await port?.close();
}

/** Of `osd.N`, whether the settings say `osd.3` or `3`. Errors: `INVALID_ARGUMENT`. */
export function osdCredentials({ fsid, key, monitors, name }: OsdRunSettings): Credentials {
  const stored = { fsid, key, monitors: [...monitors], name: `osd.${parseOsd(name)}` };
  return credentialsOf(parseWith(z.object(storedCredentials), stored, 'the settings'));
}

/** Absolute, wherever they were named. */
function tlsOf({ absolute }: Pick<CliContext, 'absolute'>, settings: OsdRunSettings): TlsPaths | undefined {
  const { 'tls-ca': ca, 'tls-cert': cert, 'tls-key': key } = settings;
  const tls = wholeTls({ ca, cert, key });
  return tls === undefined ? undefined : { ca: absolute(tls.ca), cert: absolute(tls.cert), key: absolute(tls.key) };
}
