import assert from 'node:assert/strict';
import { utf8Bytes, utf8Text } from '../../../base/bytes.js';
import { wallMs } from '../../../base/instants.js';
import { formatMessage, truncateMessage, type SyslogMessage } from '../../../runtime/syslog/message.js';
import { MessageQueue } from '../../../runtime/syslog/queue.js';

const origin = { facility: 'daemon', hostname: 'host-1.example', appName: 'cairn-osd', procId: 'osd.3' } as const;
const wall = wallMs(1_065_910_455_003);

function formatted(message: Partial<SyslogMessage>, from: Partial<typeof origin> = {}): string {
  const bytes = formatMessage({ ...origin, ...from }, { severity: 'info', wall, text: 'text', ...message });
  return utf8Text(bytes);
}

const head = '<30>1 2003-10-11T22:14:15.003Z host-1.example cairn-osd osd.3';

describe('syslog messages', () => {
  const cases: readonly { name: string; message: Partial<SyslogMessage>; expected: string }[] = [
    { name: 'the least', message: {}, expected: `${head} - - \ufefftext` },
    { name: 'no text', message: { text: '' }, expected: `${head} - -` },
    { name: 'a kind', message: { msgId: 'AUDIT' }, expected: `${head} AUDIT - \ufefftext` },
    { name: 'a kind with spaces', message: { msgId: 'a b\n' }, expected: `${head} a?b? - \ufefftext` },
    { name: 'text that is not ASCII', message: { text: 'Größe €\n2' }, expected: `${head} - - \ufeffGröße €\n2` },
    {
      name: 'structured data',
      message: { structuredData: { 'cairn@32473': { pg: '1.7', why: 'a "b" \\ ]c[' }, 'empty@1': {} } },
      expected: `${head} - [cairn@32473 pg="1.7" why="a \\"b\\" \\\\ \\]c["][empty@1] \ufefftext`,
    },
    {
      name: 'bad names in structured data',
      message: { structuredData: { 'a=b]"c d': { '': 'v', ['n'.repeat(40)]: '' } } },
      expected: `${head} - [a?b??c?d -="v" ${'n'.repeat(32)}=""] \ufefftext`,
    },
  ];
  for (const { name, message, expected } of cases) {
    it(`are written as RFC 5424 says: ${name}`, () => {
      assert.equal(formatted(message), expected);
    });
  }

  it('carry facility and severity as a priority', () => {
    const severities = ['error', 'warn', 'info', 'debug'] as const;
    const found = severities.map((severity) => /^<\d+>1 /.exec(formatted({ severity }))?.[0]);
    assert.deepEqual(found, ['<27>1 ', '<28>1 ', '<30>1 ', '<31>1 ']);
    const local = formatMessage({ ...origin, facility: 'local7' }, { severity: 'debug', wall, text: '' });
    assert.match(utf8Text(local), /^<191>1 /);
  });

  it('cut and clean header fields to what the RFC allows', () => {
    const long = { hostname: `h ü${'x'.repeat(300)}`, appName: 'a'.repeat(49), procId: '' };
    const bytes = formatMessage({ ...origin, ...long }, { severity: 'info', wall, text: '' });
    const fields = utf8Text(bytes).split(' ');
    assert.deepEqual(fields.slice(2), [`h??${'x'.repeat(252)}`, 'a'.repeat(48), '-', '-', '-']);
  });

  it('are cut between characters', () => {
    const bytes = utf8Bytes('a€😀b');
    const kept = Array.from({ length: 10 }, (_, index) => utf8Text(truncateMessage(bytes, index + 1)));
    assert.deepEqual(kept, ['a', 'a', 'a', 'a€', 'a€', 'a€', 'a€', 'a€😀', 'a€😀b', 'a€😀b']);
  });
});

describe('the syslog queue', () => {
  it('drops the oldest beyond its count, and counts what it dropped', () => {
    const queue = new MessageQueue(2, 100);
    assert.deepEqual(
      [1, 2, 3, 4].map((n) => queue.add(Uint8Array.of(n))),
      [0, 0, 1, 1],
    );
    assert.deepEqual([queue.count, queue.bytes, queue.takeDropped(), queue.takeDropped()], [2, 2, 2, 0]);
    assert.deepEqual([queue.take(), queue.take(), queue.take()], [Uint8Array.of(3), Uint8Array.of(4), undefined]);
    assert.equal(queue.bytes, 0);
  });

  it('drops the oldest beyond its bytes, and a message that is larger than all of it', () => {
    const queue = new MessageQueue(100, 10);
    assert.deepEqual(
      [4, 4, 4, 10, 11].map((size) => queue.add(new Uint8Array(size))),
      [0, 0, 1, 2, 2],
    );
    assert.deepEqual([queue.count, queue.bytes, queue.dropped], [0, 0, 5]);
  });
});
