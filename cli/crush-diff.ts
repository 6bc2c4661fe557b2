/** `cairn crush diff`: how much data a change of the map moves. */
import type { Command } from 'commander';
import { CairnError } from '../base/errors.js';
import { type MapDiff, diffCrushMaps } from '../crush/diff.js';
import { itemName } from '../crush/text-printer.js';
import type { CrushMap } from '../crush/types.js';
import type { CliContext } from './context.js';
import { readCrushMap } from './crush-map-file.js';
import { ruleIdOf } from './crush-rule-option.js';
import { countOption } from './option-values.js';
import { formatTable } from './table.js';

interface Options {
  before: string;
  after: string;
  rule: string;
  numRep: number;
  minX: number;
  maxX: number;
  json?: boolean;
}

/** Twenty seconds or so; more inputs do not change the percentages. */
const inputsMax = 10_000_000;
const replicasMax = 10_000;

export function addCrushDiff(crush: Command, context: CliContext): void {
  crush
    .command('diff')
    .description('Show how many placements a change of the map moves, and how many any such change must move.')
    .requiredOption('--before <file>', 'the map as it is, text or binary')
    .requiredOption('--after <file>', 'the map as it shall be')
    .requiredOption('--rule <rule>', 'name or id of the rule, in both maps')
    .requiredOption('--num-rep <n>', 'how many devices per input', countOption)
    .option('--min-x <x>', 'first input', countOption, 0)
    .option('--max-x <x>', 'last input', countOption, 1023)
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\n"least" is the change of the counts themselves: no map that fills the devices as the later one does moves fewer.\n' +
        '\nExamples:\n' +
        '  cairn crush diff --before now.txt --after with-rack.txt --rule data --num-rep 3\n' +
        '  cairn crush diff --before a --after b --rule 0 --num-rep 3 --max-x 99999 --json',
    )
    .action(async (options: Options) => {
      const before = await readCrushMap(context, options.before);
      const after = await readCrushMap(context, options.after);
      checkRange(options);
      const diff = diffCrushMaps(before, after, {
        ruleBefore: ruleIdOf(before, options.rule),
        ruleAfter: ruleIdOf(after, options.rule),
        replicas: options.numRep,
        minX: options.minX,
        maxX: options.maxX,
      });
      context.print(options.json === true ? diffJson(diff) : diffText(diff, before, after));
    });
}

function checkRange({ minX, maxX, numRep }: Options): void {
  if (maxX < minX) throw new CairnError('INVALID_ARGUMENT', `--max-x ${maxX} is below --min-x ${minX}; swap them`);
  if (maxX - minX >= inputsMax) throw new CairnError('INVALID_ARGUMENT', `compare at most ${inputsMax} inputs`);
  if (numRep < 1 || numRep > replicasMax) {
    throw new CairnError('INVALID_ARGUMENT', `--num-rep is ${numRep}; choose one from 1 to ${replicasMax}`);
  }
}

function diffText(diff: MapDiff, before: CrushMap, after: CrushMap): string {
  const rows = diff.devices.map(({ device, ...one }) => [
    after.devices.has(device) ? itemName(after, device) : itemName(before, device),
    ...[one.before, one.after, one.gained, one.lost, one.least].map(String),
  ]);
  const titles = ['BEFORE', 'AFTER', 'GAINED', 'LOST', 'LEAST'];
  const columns = [{ title: 'DEVICE' }, ...titles.map((title) => ({ title, align: 'right' as const }))];
  return (
    formatTable(columns, rows) +
    `moved ${diff.moved} of ${diff.placements} placements (${percent(diff.moved, diff.placements)}), ` +
    `least possible ${diff.least} (${percent(diff.least, diff.placements)})\n`
  );
}

function percent(part: number, whole: number): string {
  return `${(whole === 0 ? 0 : (100 * part) / whole).toFixed(2)} %`;
}

function diffJson({ placements, moved, least, devices }: MapDiff): string {
  const fraction = (part: number): number => (placements === 0 ? 0 : part / placements);
  const summary = { placements, moved, movedFraction: fraction(moved), least, leastFraction: fraction(least) };
  return `${JSON.stringify({ ...summary, devices }, undefined, 2)}\n`;
}
