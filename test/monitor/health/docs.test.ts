/** docs/health-checks.md is the table of codes for people; `UPDATE=1` writes it anew. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { healthCodeInfo, healthCodes } from '../../../monitor/health/codes.js';
import { pgStateWords } from '../../../monitor/health/pg-states.js';
import { projectRoot } from '../../tidy/source-tree.js';

const path = `${projectRoot}docs/health-checks.md`;

function rendered(): string {
  const codes = Object.entries(healthCodes).map(
    ([code, { severity, meaning, advice }]) =>
      `### ${code.replace('<TYPE>', '*TYPE*')}\n\n*${severity === 'error' ? 'HEALTH_ERR' : 'HEALTH_WARN'}.* ${meaning}\n\n${advice}\n`,
  );
  const words = Object.entries(pgStateWords).map(([word, meaning]) => `| \`${word}\` | ${meaning} |`);
  return [
    '# Health checks',
    '',
    '`cairn health` says `HEALTH_OK`, `HEALTH_WARN` or `HEALTH_ERR`, and why: each reason is a check with a code that does not',
    'change. `cairn health detail` names the things concerned. Where Ceph has a check, its code is used.',
    '',
    'A check that is known and accepted is muted with `cairn health mute CODE [TTL]`: it is shown and does not count. The mute ends',
    'when the check clears or gets worse, unless it is made with `--sticky`; `cairn health unmute CODE` ends it at once.',
    '',
    'This page is made from `monitor/health/codes.ts` and `monitor/health/pg-states.ts`; a test keeps it in step.',
    '',
    '## Codes',
    '',
    codes.join('\n'),
    '## States of PGs',
    '',
    'A state is one or more of these words, joined by `+`, such as `active+clean`. `cairn pg ls`, `pg stat`, `pool stats`,',
    '`status` and `health` all show the same. Until the primary of a PG has reported, its state is what its record tells,',
    'such as `active` or `active+undersized+degraded`: whether it is `clean` only the primary knows.',
    '',
    '| word | meaning |',
    '|---|---|',
    ...words,
    '',
  ].join('\n');
}

describe('the page of health checks', () => {
  it('says what the tables say', () => {
    if (process.env['UPDATE'] === '1') writeFileSync(path, rendered());
    assert.equal(readFileSync(path, 'utf8'), rendered());
  });

  it('finds a code by its name, and nothing by a name that is none', () => {
    assert.equal(healthCodeInfo('OSD_HOST_DOWN'), healthCodes['OSD_<TYPE>_DOWN']);
    assert.equal(healthCodeInfo('OSD_DOWN'), healthCodes.OSD_DOWN);
    for (const name of ['', 'toString', 'constructor', 'OSD__DOW', 'osd_host_down']) {
      assert.equal(healthCodeInfo(name), undefined);
    }
  });
});
