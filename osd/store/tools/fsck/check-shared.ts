/** Payloads that clones share, and the keys that tell the cleaner who owns a payload. Runs after the objects. */
import { omapKey, prefixRange, sharedKey } from '../../format/index-key.js';
import { decodeOmapValue } from '../../format/omap-value.js';
import { decodePayloadOwner, type PayloadOwner } from '../../format/payload-owner.js';
import { decodeSharedPayload } from '../../format/shared-payload.js';
import { IndexWalk, type IndexEntry } from '../../index/walk.js';
import { parseObjectKey, readU32, readU64 } from '../../object-id.js';
import { showKey } from '../../../../runtime/kv-seal.js';
import { checkOwnerThere, type ObjectCheck } from './check-objects.js';
import { malformed } from './load-for-check.js';

const pageEntries = 256;

export async function checkShared(check: ObjectCheck, nextShared: number): Promise<void> {
  const { accounts, findings, repairs } = check;
  const unseen = new Set(accounts.shared.keys());
  let idMax = 0;
  await forEachEntry(check, 's', async ({ key, value }) => {
    if (key.length !== 9) {
      findings.add('index-malformed', 'the key of a shared payload is malformed', { key: showKey(key) });
      return;
    }
    const id = readU64(key, 1);
    idMax = Math.max(idMax, id);
    unseen.delete(id);
    const { payload, owner, references } = decodeSharedPayload(value);
    const use = accounts.shared.get(id);
    if (use === undefined) {
      findings.add('shared-orphan', `nothing points to shared payload ${id}`, { key: showKey(key) });
      repairs.remove(key);
      return;
    }
    if (use.references !== references) {
      const message = `shared payload ${id} counts ${references} references, and there are ${use.references}`;
      findings.add('shared-references', message, { key: showKey(key) });
      repairs.setReferences(id, use.references);
    }
    if (use.end > payload.bytes) {
      const message = `an extent shows byte ${use.end - 1} of shared payload ${id}, which has ${payload.bytes}`;
      findings.add('payload-place', message, { key: showKey(key), segment: payload.segment, offset: payload.offset });
    }
    check.payloads.begin();
    await check.payloads.check(payload, owner, 0, payload.bytes, { key: showKey(key) });
    await checkOwnerThere(check, payload, { kind: 'shared', id });
  });
  for (const id of unseen) {
    const { references = 0 } = accounts.shared.get(id) ?? {};
    const message = `${references} extents point to shared payload ${id}, which is not there: their bytes are lost`;
    findings.add('shared-missing', message, { key: showKey(sharedKey(id)) });
  }
  if (idMax < nextShared) return;
  findings.add('shared-id', `the next id of a shared payload would be ${nextShared}, and ${idMax} is in use`);
  repairs.nextShared = idMax + 1;
}

/** A key of `r` has to name something that owns the payload there. Those in `dropped` are about to go. */
export async function checkOwners(check: ObjectCheck, dropped: ReadonlySet<string>): Promise<void> {
  await forEachEntry(check, 'r', async ({ key, value }) => {
    if (dropped.has(key)) return;
    if (key.length !== 9) {
      check.findings.add('index-malformed', 'the key of a payload owner is malformed', { key: showKey(key) });
      return;
    }
    const place = { segment: readU32(key, 1), offset: readU32(key, 5) };
    if (await owns(check, decodePayloadOwner(value), place)) return;
    const message = `segment ${place.segment} at ${place.offset}: the owner that the index names has no payload there`;
    check.findings.add('owner-orphan', message, { key: showKey(key), ...place });
    if (!check.repairs.owners.has(key)) check.repairs.remove(key);
  });
}

async function owns(
  { index }: ObjectCheck,
  owner: PayloadOwner,
  place: { readonly segment: number; readonly offset: number },
): Promise<boolean> {
  const key = owner.kind === 'shared' ? sharedKey(owner.id) : omapKey(parseObjectKey(owner.objectKey), owner.key);
  const stored = await index.get(key);
  if (stored === undefined) return false;
  const payloads =
    owner.kind === 'shared'
      ? [decodeSharedPayload(stored).payload]
      : decodeOmapValue(stored).bodies.flatMap((body) => {
          return body.slot === owner.slot && body.isMoved && body.payload !== undefined ? [body.payload] : [];
        });
  return payloads.some(({ segment, offset }) => segment === place.segment && offset === place.offset);
}

/** Malformed ones are found, and the walk goes on. */
export async function forEachEntry(
  { index, findings, onKey }: Pick<ObjectCheck, 'index' | 'findings' | 'onKey'>,
  prefix: string,
  visit: (entry: IndexEntry) => Promise<void>,
): Promise<void> {
  const walk = new IndexWalk(index, prefixRange(prefix));
  try {
    for (let page = await walk.next(pageEntries); page.length > 0; page = await walk.next(pageEntries)) {
      for (const entry of page) {
        onKey(entry);
        try {
          await visit(entry);
        } catch (error) {
          malformed(findings, entry.key, error);
        }
      }
    }
  } finally {
    await walk.close();
  }
}
