import assert from 'node:assert/strict';
import { concatBytes, latin1Text, utf8Text, viewBuffer } from '../../../base/bytes.js';
import { monotonicMs, wallMs } from '../../../base/instants.js';
import type { Connection, Listener } from '../../../runtime/network.js';
import type { Runtime } from '../../../runtime/runtime.js';
import { World } from '../../../runtime/sim/world.js';
import { SyslogLogger } from '../../../runtime/syslog/logger.js';
import type { SyslogMessage } from '../../../runtime/syslog/message.js';
import { SyslogShipper, type SyslogShipperOptions } from '../../../runtime/syslog/shipper.js';
import { forEachSeed } from '../../sim/seeds.js';
import { claim, until } from '../contract/harness.js';
import { openNodeHarness } from '../node/harness.js';

const origin = { facility: 'daemon', hostname: 'h', appName: 'cairn-osd', procId: 'osd.3' } as const;

function message(text: string): SyslogMessage {
  return { severity: 'info', wall: wallMs(0), text };
}

/** The texts of messages framed by octet counting; what is incomplete at the end is left out. */
function textsOf(pieces: readonly Uint8Array[]): string[] {
  let rest = viewBuffer(concatBytes(pieces));
  const texts: string[] = [];
  for (;;) {
    const space = rest.indexOf(0x20);
    if (space === -1) return texts;
    const digits = latin1Text(rest.subarray(0, space));
    assert.match(digits, /^[1-9][0-9]*$/);
    const end = space + 1 + Number(digits);
    if (end > rest.byteLength) return texts;
    texts.push(textOf(rest.subarray(space + 1, end)));
    rest = rest.subarray(end);
  }
}

function textOf(bytes: Uint8Array): string {
  const text = utf8Text(bytes);
  assert.match(text, /^<\d+>1 \S+ h cairn-osd osd\.3 \S+ - \ufeff/);
  return text.slice(text.indexOf('\ufeff') + 1);
}

interface SyslogServer {
  readonly listener: Listener;
  readonly texts: () => string[];
}

/** A syslog server: per connection, what arrived. */
async function serve(runtime: Runtime, host: string, port: number): Promise<SyslogServer> {
  const connections: Uint8Array[][] = [];
  const onConnection = (connection: Connection): void => {
    const pieces: Uint8Array[] = [];
    connections.push(pieces);
    connection.start({
      onData: (viewChunk) => void pieces.push(new Uint8Array(viewChunk)),
      onEnd: () => connection.end(),
      onClose: () => undefined,
    });
  };
  const listener = await runtime.network.listen({ host, port }, {}, onConnection);
  return { listener, texts: () => connections.flatMap(textsOf) };
}

interface Site {
  readonly world: World;
  readonly daemon: Runtime;
  readonly shipper: (options?: Partial<SyslogShipperOptions>) => SyslogShipper;
}

async function onSite(seed: number, body: (site: Site) => Promise<void>): Promise<void> {
  const world = new World({ seed });
  await world.main(async () => {
    const daemon = world.machine('d').start('osd.3', async () => undefined);
    await daemon.finished;
    world.machine('s');
    const defaults = { address: { host: 's', port: 514 }, protocol: 'tcp', origin } as const;
    const { runtime } = daemon;
    await body({
      world,
      daemon: runtime,
      shipper: (options) => new SyslogShipper(runtime, { ...defaults, ...options }),
    });
  });
}

async function startServer(world: World): Promise<{ texts(): string[]; kill(): void }> {
  let texts = (): string[] => [];
  const process = world.machine('s').start('syslogd', async (runtime) => {
    ({ texts } = await serve(runtime, '0.0.0.0', 514));
  });
  await process.finished;
  return { texts: () => texts(), kill: () => process.kill() };
}

function inMs(runtime: Runtime, ms: number): ReturnType<typeof monotonicMs> {
  return monotonicMs(runtime.clock.now() + ms);
}

const numbered = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, index) => `message ${from + index}`);

describe('the syslog shipper', () => {
  it('ships over TCP in order, several lines in one message too, and flushes when it closes', async () => {
    await forEachSeed({ count: 20, boxMs: 500 }, async (seed) => {
      await onSite(seed, async ({ world, daemon, shipper }) => {
        const server = await startServer(world);
        const shipping = shipper();
        const sent = [...numbered(0, 100), 'two\nlines', 'ü'];
        for (const text of sent) shipping.ship(message(text));
        await shipping.close(inMs(daemon, 5_000));
        await shipping.close(inMs(daemon, 5_000));
        shipping.ship(message('too late'));
        assert.deepEqual(server.texts(), sent);
        assert.deepEqual(shipping.stats, { queued: 0, queuedBytes: 0, shipped: 102, dropped: 0 });
      });
    });
  });

  it('keeps the newest while the server is away, and says how many it dropped', async () => {
    await forEachSeed({ count: 20, boxMs: 500 }, async (seed) => {
      await onSite(seed, async ({ world, daemon, shipper }) => {
        const shipping = shipper({ queueCountMax: 10 });
        for (const text of numbered(0, 25)) shipping.ship(message(text));
        await world.sleep(60_000);
        const server = await startServer(world);
        await world.sleep(31_000);
        const report = '15 log messages were dropped because the syslog server did not take them';
        assert.deepEqual(server.texts(), [report, ...numbered(15, 25)]);
        await shipping.close(inMs(daemon, 1_000));
        assert.equal(shipping.stats.dropped, 15);
      });
    });
  });

  it('connects again after the server died, and loses only what was on its way', async () => {
    await onSite(1, async ({ world, daemon, shipper }) => {
      const shipping = shipper();
      const first = await startServer(world);
      shipping.ship(message('before'));
      await world.sleep(1_000);
      assert.deepEqual(first.texts(), ['before']);
      first.kill();
      await world.sleep(1_000);
      const second = await startServer(world);
      for (const text of numbered(0, 3)) shipping.ship(message(text));
      await shipping.close(inMs(daemon, 10_000));
      assert.deepEqual(second.texts(), numbered(0, 3));
    });
  });

  it('warns once per outage', async () => {
    const world = new World({ seed: 1 });
    await world.main(async () => {
      const daemon = world.machine('d').start('osd.3', async () => undefined);
      await daemon.finished;
      world.machine('s');
      const address = { host: 's', port: 514 };
      const shipping = new SyslogShipper(daemon.runtime, { address, protocol: 'tcp', origin });
      shipping.ship(message('a'));
      await world.sleep(120_000);
      const sentences = daemon.logs.map(({ sentence }) => sentence);
      assert.deepEqual(sentences, ['the syslog server does not take messages']);
      await startServer(world);
      await world.sleep(31_000);
      assert.equal(daemon.logs.at(-1)?.sentence, 'the syslog server takes messages again');
    });
  });

  it('closes by its deadline when the server is gone, and when it does not answer', async () => {
    for (const fault of ['gone', 'silent'] as const) {
      await onSite(2, async ({ world, daemon, shipper }) => {
        if (fault === 'silent') world.network.cut({ from: 's', to: 'd' });
        const shipping = shipper();
        shipping.ship(message('never arrives'));
        const start = world.now;
        await shipping.close(inMs(daemon, 3_000));
        const tookMs = world.now - start;
        assert.ok(tookMs > 2_900 && tookMs < 3_100, `${fault}: ${tookMs} ms`);
      });
    }
  });

  it('sends one message per datagram, cut to what crosses every network', async () => {
    await onSite(3, async ({ world, daemon, shipper }) => {
      const received: Uint8Array[] = [];
      world.machine('s').receiveDatagrams(514, (bytes) => received.push(bytes));
      const shipping = shipper({ protocol: 'udp' });
      shipping.ship(message('short'));
      await world.sleep(100);
      shipping.ship(message('€'.repeat(2_000)));
      await shipping.close(inMs(daemon, 1_000));
      await world.sleep(100);
      assert.equal(textOf(received[0] ?? new Uint8Array(0)), 'short');
      assert.match(textOf(received[1] ?? new Uint8Array(0)), /^€{380,400}$/);
      const size = received[1]?.byteLength ?? 0;
      assert.ok(size <= 1_232 && size > 1_229, `${size} bytes`);
      assert.equal(received.length, 2);
    });
  });

  claim('reaches a real server over TCP', openNodeHarness, async ({ runtime, host }) => {
    const server = await serve(runtime, host, 0);
    const shipping = new SyslogShipper(runtime, { address: server.listener.address, protocol: 'tcp', origin });
    const sent = numbered(0, 50);
    for (const text of sent) shipping.ship(message(text));
    await shipping.close(inMs(runtime, 5_000));
    await until(runtime, 'all arrived', () => server.texts().length === 50);
    assert.deepEqual(server.texts(), sent);
  });

  claim('reaches a real server over UDP', openNodeHarness, async (harness) => {
    const received: string[] = [];
    const port = await harness.receiveDatagrams((bytes) => received.push(textOf(bytes)));
    const address = { host: harness.host, port };
    const shipping = new SyslogShipper(harness.runtime, { address, protocol: 'udp', origin });
    shipping.ship(message('a'));
    shipping.ship(message('b'));
    await shipping.close(inMs(harness.runtime, 5_000));
    await until(harness.runtime, 'both arrived', () => received.length === 2);
    assert.deepEqual(received.sort(), ['a', 'b']);
  });
});

describe('the syslog logger', () => {
  it('ships what is worth it as a sentence with its fields, and writes all of it locally', () => {
    const shipped: SyslogMessage[] = [];
    const local: string[] = [];
    const write = (level: string) => (_fields: unknown, sentence: string) => void local.push(`${level} ${sentence}`);
    const base = { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
    const localLog = { ...base, child: () => localLog };
    const log = new SyslogLogger(localLog, { wall: () => wallMs(7) }, { ship: (m) => void shipped.push(m) });
    const child = log.child({ pg: '1.7' });
    child.debug({ a: 1 }, 'one');
    child.info({}, 'two');
    log.warn({}, 'three');
    const loop: Record<string, unknown> = {};
    loop['self'] = loop;
    log.error(loop, 'four');
    child.error({ err: new TypeError('bad'), big: 5n }, 'five');
    assert.deepEqual(local, ['debug one', 'info two', 'warn three', 'error four', 'error five']);
    assert.deepEqual(
      shipped.map(({ severity, text }) => `${severity}: ${text}`),
      [
        'info: two {"pg":"1.7"}',
        'warn: three',
        'error: four {"fields":"not shown"}',
        'error: five {"pg":"1.7","err":{"type":"TypeError","message":"bad"},"big":"5"}',
      ],
    );
    assert.equal(shipped[0]?.wall, 7);
  });
});
