import assert from 'node:assert/strict';
import { type ConfigOption, configNames, configOptions, findConfigName } from '../../cluster/config-options.js';
import { checkConfigChange, effectiveConfig, parseConfigKey, printConfigKey } from '../../cluster/config.js';
import { checkConfigValue, printConfigValue } from '../../cluster/config-value.js';

describe('the table of options', () => {
  for (const name of configNames) {
    it(`has a default and words for ${name} that pass its own check`, () => {
      const option: ConfigOption = configOptions[name];
      const printed = printConfigValue(name, option.defaultValue);
      assert.equal(checkConfigValue(name, printed), option.defaultValue);
      assert.match(option.description, /^[A-Z].{20,130}\.$/);
      assert.ok(option.daemons.length > 0);
    });
  }

  it('holds together by default', () => {
    assert.deepEqual(effectiveConfig({ config: new Map() }, 'osd.0').problems, []);
  });
});

describe('a value', () => {
  const cases = [
    { name: 'mon_osd_down_out_interval', text: '600', value: 600_000 },
    { name: 'mon_osd_down_out_interval', text: '10m', value: 600_000 },
    { name: 'mon_osd_down_out_interval', text: ' 1.5h ', value: 5_400_000 },
    { name: 'osd_heartbeat_interval', text: '250ms', value: 250 },
    { name: 'mon_osd_down_out_interval', text: '0', value: 0 },
    { name: 'mon_osd_min_in_ratio', text: '57%', value: 0.57 },
    { name: 'mon_osd_min_in_ratio', text: '0.5', value: 0.5 },
    { name: 'osd_pool_default_size', text: '2', value: 2 },
    { name: 'log_level', text: 'debug', value: 'debug' },
    { name: 'log_syslog_target', text: 'tcp://log.example:514', value: 'tcp://log.example:514' },
    { name: 'log_syslog_target', text: 'udp://[fd00::1]:514', value: 'udp://[fd00::1]:514' },
    { name: 'log_syslog_target', text: '', value: '' },
  ] as const;
  for (const { name, text, value } of cases) {
    it(`"${text}" of ${name} is ${value}`, () => assert.equal(checkConfigValue(name, text), value));
  }

  const bad = [
    ['mon_osd_down_out_interval', '31d'],
    ['mon_osd_down_out_interval', '-1'],
    ['mon_osd_down_out_interval', '10 minutes'],
    ['mon_osd_min_in_ratio', '1.1'],
    ['mon_osd_min_in_ratio', '101%'],
    ['osd_pool_default_size', '2.5'],
    ['osd_pool_default_size', '0x2'],
    ['osd_pool_default_size', ''],
    ['log_level', 'loud'],
    ['log_syslog_target', 'http://a:1'],
    ['log_syslog_target', 'tcp://a'],
  ] as const;
  for (const [name, text] of bad) {
    it(`"${text}" of ${name} is refused, with what it takes`, () => {
      assert.throws(() => checkConfigValue(name, text), { code: 'INVALID_ARGUMENT', message: /give |tcp:/ });
    });
  }

  it('is printed in the largest unit that fits', () => {
    const printed = [600_000, 1500, 86_400_000, 0, 7_200_000].map((ms) => printConfigValue('osd_heartbeat_grace', ms));
    assert.deepEqual(printed, ['10m', '1500ms', '1d', '0s', '2h']);
  });
});

describe('a key', () => {
  it('may leave out mon_osd_', () => {
    assert.equal(findConfigName('down_out_interval'), 'mon_osd_down_out_interval');
    assert.deepEqual(parseConfigKey('mon/nearfull_ratio'), { section: 'mon', option: 'mon_osd_nearfull_ratio' });
    assert.equal(printConfigKey(parseConfigKey('osd.3/log_level')), 'osd.3/log_level');
  });

  it('is not found by the names of an object', () => {
    assert.equal(findConfigName('constructor'), undefined);
  });

  const bad = [
    ['log_level', /SECTION\/OPTION/],
    ['disk/log_level', /no section/],
    ['osd\n/log_level', /no section/],
    ['osd/grace', /did you mean osd_beacon_grace or osd_heartbeat_grace/],
    ['gateway/down_out_interval', /read by mon only/],
    ['osd.3/mon_clock_drift_allowed', /read by mon only/],
  ] as const;
  for (const [key, message] of bad) {
    it(`${JSON.stringify(key)} is refused`, () => {
      assert.throws(() => parseConfigKey(key), { code: 'INVALID_ARGUMENT', message });
    });
  }
});

describe('the configuration of a daemon', () => {
  const config = new Map([
    ['global/log_level', 'warn'],
    ['osd/log_level', 'debug'],
    ['osd.3/log_level', 'trace'],
    ['mon/osd_heartbeat_grace', '20s'],
  ]);
  const levels = [
    ['osd.3', 'trace', 'osd.3'],
    ['osd.4', 'debug', 'osd'],
    ['osd.33', 'debug', 'osd'],
    ['mon.a', 'warn', 'global'],
  ] as const;
  for (const [daemon, level, source] of levels) {
    it(`takes the value of ${source} for ${daemon}`, () => {
      const effective = effectiveConfig({ config }, daemon);
      assert.equal(effective.values.log_level, level);
      assert.equal(effective.sources.get('log_level'), source);
    });
  }

  it('takes the default where nothing is set', () => {
    const { values, sources } = effectiveConfig({ config }, 'osd.3');
    assert.equal(values.osd_heartbeat_grace, 3500);
    assert.equal(sources.has('osd_heartbeat_grace'), false);
  });

  it('falls back from a value that it cannot use, and says so', () => {
    const { values, problems } = effectiveConfig(
      { config: new Map([...config, ['osd.3/log_level', 'loud']]) },
      'osd.3',
    );
    assert.equal(values.log_level, 'debug');
    assert.deepEqual(
      problems.map(({ key }) => key),
      ['osd.3/log_level'],
    );
  });
});

describe('a change of the configuration', () => {
  const none = new Map<string, string>();

  it('gives the key to store', () => {
    assert.deepEqual(checkConfigChange(none, 'global/full_ratio', '97%'), {
      section: 'global',
      option: 'mon_osd_full_ratio',
    });
  });

  const contradictions = [
    ['global/osd_heartbeat_interval', '3s'],
    ['mon/nearfull_ratio', '0.91'],
    ['mon/full_ratio', '0.8'],
    ['global/osd_pool_default_min_size', '4'],
  ] as const;
  for (const [key, value] of contradictions) {
    it(`is refused where ${key} ${value} contradicts another option`, () => {
      assert.throws(() => checkConfigChange(none, key, value), { code: 'INVALID_ARGUMENT' });
    });
  }

  it('is not refused for a contradiction that was there before', () => {
    const config = new Map([['global/mon_osd_full_ratio', '0.1']]);
    assert.equal(checkConfigChange(config, 'global/log_level', 'warn').option, 'log_level');
    assert.equal(checkConfigChange(config, 'global/full_ratio', undefined).option, 'mon_osd_full_ratio');
  });
});
