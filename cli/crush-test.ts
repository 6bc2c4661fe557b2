/** `cairn crush test`: where a map puts things, printed as `crushtool --test` prints it. */
import type { Command } from 'commander';
import { CairnError } from '../base/errors.js';
import { type CrushTestOptions, testCrushMap } from '../crush/tester.js';
import type { CliContext } from './context.js';
import { readCrushMap } from './crush-map-file.js';
import { checkRuleExists, ruleIdOf } from './crush-rule-option.js';
import { countOption, integerOption } from './option-values.js';
import { ChunkedPrinter } from './printer.js';

interface Options {
  map: string;
  rule?: string;
  numRep?: number;
  minRep?: number;
  maxRep?: number;
  x?: number;
  minX?: number;
  maxX?: number;
  weight?: string[];
  poolId?: number;
  showMappings?: boolean;
  showBadMappings?: boolean;
  showStatistics?: boolean;
  showUtilization?: boolean;
  showUtilizationAll?: boolean;
  showChooseTries?: boolean;
}

/** More replicas than any pool has, and a result that still fits into memory many times over. */
const replicasMax = 10_000;

export function addCrushTest(crush: Command, context: CliContext): void {
  crush
    .command('test')
    .description('Map a range of inputs and show where they go. Prints exactly what `crushtool --test` prints.')
    .requiredOption('--map <file>', 'text or binary map, - for stdin')
    .option('--rule <rule>', 'name or id of a rule; default all rules')
    .option('--num-rep <n>', 'how many devices to ask for; default min_size to max_size of the rule', countOption)
    .option('--min-rep <n>', 'with --max-rep: a range of numbers instead (crushtool has no such option)', countOption)
    .option('--max-rep <n>', 'with --min-rep', countOption)
    .option('--min-x <x>', 'first input, given with --max-x; default 0', integerOption)
    .option('--max-x <x>', 'last input, given with --min-x; default 1023', integerOption)
    .option('--x <x>', 'a single input', integerOption)
    .option('--weight <osd weight...>', 'a device and the share it accepts, 0 (out) to 1 (in); repeatable')
    .option('--pool-id <id>', 'mix the inputs with this pool, as Ceph does with placement groups', integerOption)
    .option('--show-mappings', 'each input with its devices')
    .option('--show-bad-mappings', 'inputs that find too few devices')
    .option('--show-statistics', 'how many inputs find how many devices')
    .option('--show-utilization', 'how much each device gets, and what its weight calls for')
    .option('--show-utilization-all', 'the same for all devices, empty ones too')
    .option('--show-choose-tries', 'a histogram of retries')
    .addHelpText(
      'after',
      '\nExamples:\n' +
        '  cairn crush test --map crush.txt --rule data --num-rep 3 --show-mappings --min-x 0 --max-x 9\n' +
        '  cairn crush test --map crushmap --num-rep 3 --weight 7 0 --show-utilization',
    )
    .action(async (options: Options) => {
      const map = await readCrushMap(context, options.map);
      const test = testOptions(options, options.rule === undefined ? undefined : ruleIdOf(map, options.rule));
      if ((test.minX === undefined) !== (test.maxX === undefined)) {
        context.note('cairn: --min-x and --max-x go together; one alone is ignored, as crushtool ignores it\n');
      }
      if (!showsAnything(test)) context.note('WARNING: no output selected; use --show-X\n');
      const printer = new ChunkedPrinter(context);
      testCrushMap(map, test, { print: (text) => printer.print(text), note: (text) => context.note(text) });
      printer.flush();
      // After the output, which is crushtool's; that one ends well all the same.
      if (test.rule !== undefined) checkRuleExists(map, test.rule);
    });
}

function testOptions(options: Options, rule: number | undefined): CrushTestOptions {
  const { x, minX = x, maxX = x, numRep, poolId } = options;
  const minRep = numRep ?? options.minRep;
  const maxRep = numRep ?? options.maxRep;
  if ((minRep === undefined) !== (maxRep === undefined)) {
    throw new CairnError('INVALID_ARGUMENT', '--min-rep and --max-rep go together; give both, or --num-rep');
  }
  if ((maxRep ?? 0) > replicasMax) {
    throw new CairnError('INVALID_ARGUMENT', `ask for at most ${replicasMax} devices, not ${maxRep}`);
  }
  return {
    ...(rule === undefined ? {} : { rule }),
    ...(minX === undefined ? {} : { minX }),
    ...(maxX === undefined ? {} : { maxX }),
    ...(minRep === undefined ? {} : { minRep }),
    ...(maxRep === undefined ? {} : { maxRep }),
    ...(poolId === undefined ? {} : { poolId }),
    weights: deviceShares(options.weight ?? []),
    showMappings: options.showMappings ?? false,
    showBadMappings: options.showBadMappings ?? false,
    showStatistics: options.showStatistics ?? false,
    showUtilization: options.showUtilization ?? false,
    showUtilizationAll: options.showUtilizationAll ?? false,
    showChooseTries: options.showChooseTries ?? false,
  };
}

function showsAnything(test: CrushTestOptions): boolean {
  return (
    test.showMappings ||
    test.showBadMappings ||
    test.showStatistics ||
    test.showUtilization ||
    test.showUtilizationAll ||
    test.showChooseTries
  );
}

/** `--weight 3 0.5 --weight 4 0` arrives as one list of words. */
function deviceShares(words: readonly string[]): Map<number, number> {
  const shares = new Map<number, number>();
  for (let i = 0; i < words.length; i += 2) {
    const [device = '', share = ''] = words.slice(i, i + 2);
    if (!/^[0-9]{1,9}$/.test(device) || !/^-?[0-9]*\.?[0-9]+$/.test(share)) {
      throw new CairnError('INVALID_ARGUMENT', '--weight takes a device number and a weight, as in --weight 7 0.5');
    }
    shares.set(Number(device), Number(share));
  }
  return shares;
}
