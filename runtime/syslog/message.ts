/** One syslog message as RFC 5424 writes it: header, structured data, UTF-8 text. Pure. */
import { concatBytes, utf8Bytes } from '../../base/bytes.js';
import { invariant } from '../../base/invariant.js';
import type { WallMs } from '../../base/instants.js';

/** RFC 5424, table 2; those a daemon uses. */
export const severities = { error: 3, warn: 4, info: 6, debug: 7 } as const;
export type Severity = keyof typeof severities;

/** RFC 5424, table 1; those a daemon uses. */
export const facilities = { daemon: 3, local0: 16, local1: 17, local2: 18, local7: 23 } as const;
export type Facility = keyof typeof facilities;

/** Where messages come from: the same for all of a daemon. */
export interface SyslogOrigin {
  readonly facility: Facility;
  readonly hostname: string;
  /** `cairn-osd`. */
  readonly appName: string;
  /** The daemon's name or process id: `osd.3`. */
  readonly procId: string;
}

export interface SyslogMessage {
  readonly severity: Severity;
  readonly wall: WallMs;
  /** The kind of message, such as `AUDIT`; omitted as `-`. */
  readonly msgId?: string | undefined;
  /** Elements by SD-ID (`cairn@32473`), each with its parameters in order. */
  readonly structuredData?: Readonly<Record<string, Readonly<Record<string, string>>>> | undefined;
  /** One line or several. */
  readonly text: string;
}

const lengthMax = { hostname: 255, appName: 48, procId: 128, msgId: 32, sdName: 32 } as const;

/** Section 6.4: says that what follows is UTF-8. */
const byteOrderMark = Uint8Array.of(0xef, 0xbb, 0xbf);

const nilValue = '-';

/** The message without any framing. Header fields are cut and cleaned to what the RFC allows; the text is kept whole. */
export function formatMessage(origin: SyslogOrigin, message: SyslogMessage): Uint8Array {
  const priority = facilities[origin.facility] * 8 + severities[message.severity];
  const header = [
    `<${priority}>1`,
    timestamp(message.wall),
    headerField(origin.hostname, lengthMax.hostname),
    headerField(origin.appName, lengthMax.appName),
    headerField(origin.procId, lengthMax.procId),
    headerField(message.msgId ?? '', lengthMax.msgId),
    structuredDataText(message.structuredData ?? {}),
  ].join(' ');
  if (message.text === '') return utf8Bytes(header);
  return concatBytes([utf8Bytes(`${header} `), byteOrderMark, utf8Bytes(message.text)]);
}

/** At most `bytesMax` bytes of a message, cut between characters: what a datagram has no room for is lost at its end. */
export function truncateMessage(bytes: Uint8Array, bytesMax: number): Uint8Array {
  invariant(bytesMax > 0, 'a message keeps at least a byte', { bytesMax });
  if (bytes.byteLength <= bytesMax) return bytes;
  let end = bytesMax;
  // Bytes 10xxxxxx continue a character: the cut goes before its first byte.
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return bytes.subarray(0, end);
}

/** ISO 8601 with milliseconds in UTC is a TIMESTAMP of section 6.2.3. */
function timestamp(wall: WallMs): string {
  // oxlint-disable-next-line no-restricted-globals -- a pure conversion of a given instant
  return new Date(wall).toISOString();
}

/** PRINTUSASCII (33 to 126) of at most `length` characters; anything else becomes `?`. */
function headerField(value: string, length: number): string {
  const clean = value.slice(0, length).replaceAll(/[^\x21-\x7e]/g, '?');
  return clean === '' ? nilValue : clean;
}

function structuredDataText(data: Readonly<Record<string, Readonly<Record<string, string>>>>): string {
  const elements = Object.entries(data).map(([id, parameters]) => {
    const pairs = Object.entries(parameters).map(([name, value]) => ` ${sdName(name)}="${escapeValue(value)}"`);
    return `[${sdName(id)}${pairs.join('')}]`;
  });
  return elements.length === 0 ? nilValue : elements.join('');
}

/** SD-NAME: as header fields, and without `=`, `]` and `"`. */
function sdName(name: string): string {
  return headerField(name, lengthMax.sdName).replaceAll(/[=\]"]/g, '?');
}

/** Section 6.3.3: `"`, `\` and `]` are escaped. */
function escapeValue(value: string): string {
  return value.replaceAll(/["\\\]]/g, (character) => `\\${character}`);
}
