import assert from 'node:assert/strict';
import type { Entity } from '../../../cluster/map.js';
import { mayAccess } from '../../../osd/pg/may-access.js';

describe('osd daemon: what an entity may do with objects', () => {
  const entities = new Map<string, Entity>(
    [
      ['client.rw', 'allow rw pool=data'],
      ['client.all', 'allow *'],
      ['gateway.1', 'profile gateway'],
      ['client.later', 'allow r, profile later-version'],
    ].map(([name = '', caps = '']) => [name, { name, caps: new Map([['osd', caps]]) }]),
  );
  entities.set('client.mon', { name: 'client.mon', caps: new Map([['mon', 'allow *']]) });

  const cases = [
    ['client.rw', 'data', '', 'w', true],
    ['client.rw', 'data', '', 'x', false],
    ['client.rw', 'other', '', 'r', false],
    ['client.all', 'other', '', 'x', true],
    ['gateway.1', 'index', 's3', 'x', true],
    ['gateway.1', 'images', 'volume', 'r', false],
    ['client.later', 'data', '', 'r', false],
    ['client.mon', 'data', '', 'r', false],
    ['client.gone', 'data', '', 'r', false],
  ] as const;
  for (const [entity, name, application, access, isAllowed] of cases) {
    it(`${entity} may ${isAllowed ? '' : 'not '}${access} in ${name} ${application}`, () => {
      assert.equal(mayAccess({ entities }, entity, { name, application }, access), isAllowed);
    });
  }
});
