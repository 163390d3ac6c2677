import type { Operation } from '../../workload/prisma/operation.ts'
import { uuid } from './schema.ts'

const ids = [1, 2, 3, 4, 5]
const places = [1, 2].flatMap((tenantId) => [1, 2, 3].map((no) => ({ tenantId, no })))
const each = <T>(list: readonly T[], make: (one: T) => Operation): readonly Operation[] => list.map(make)

// A UUID in capitals is asked for by findFirst: several findUnique at once are sent as one by Prisma, which then does not
// find the row that such a key names.

/** What is read after every step: rows by every kind of key, lists by references, includes, filters, counts. */
export const queries: readonly Operation[] = [
  ...each([1, 2, 3, 4], (id) => ['tenant', 'findUnique', { where: { id } }]),
  ...each(['t1', 't2', 't4'], (name) => [
    'tenant',
    'findUnique',
    { where: { name }, include: { teams: { orderBy: { no: 'asc' } } } },
  ]),
  ...each(places, (tenantId_no) => ['team', 'findUnique', { where: { tenantId_no } }]),
  ...each(places, (tenantId_no) => [
    'member',
    'findUnique',
    { where: { tenantId_no }, include: { team: true } },
  ]),
  ...each(places, ({ tenantId, no }) => [
    'member',
    'findMany',
    { where: { tenantId, teamNo: no }, orderBy: { no: 'asc' } },
  ]),
  ...each(places, ({ tenantId, no }) => [
    'member',
    'findMany',
    { where: { tenantId, mentorNo: no }, orderBy: { no: 'asc' } },
  ]),
  ...each(places, ({ tenantId, no }) => [
    'desk',
    'findMany',
    { where: { tenantId, teamNo: no }, orderBy: { id: 'asc' } },
  ]),
  ...each(places, (tenantId_no) => [
    'team',
    'findUnique',
    {
      where: { tenantId_no },
      select: { no: true, members: { orderBy: { no: 'asc' } }, _count: { select: { desks: true } } },
    },
  ]),
  [
    'member',
    'findMany',
    {
      include: { mentor: true, pupils: { orderBy: { no: 'asc' } } },
      orderBy: [{ tenantId: 'asc' }, { no: 'asc' }],
    },
  ],
  ['member', 'count', { where: { team: { grade: 'HIGH' } } }],
  ['team', 'findMany', { where: { grade: 'LOW' }, orderBy: [{ tenantId: 'asc' }, { no: 'asc' }] }],
  ['team', 'groupBy', { by: ['grade'], _count: true, orderBy: { grade: 'asc' } }],
  ...each(ids, (id) => [
    'desk',
    'findUnique',
    { where: { id }, include: { team: { include: { tenant: true } }, owner: true } },
  ]),
  ...each(ids, (ownerNo) => ['desk', 'findUnique', { where: { ownerNo } }]),
  ...each(ids, (id) => ['folder', 'findUnique', { where: { id } }]),
  ...each(ids, (id) => [
    'folder',
    'findUnique',
    { where: { id }, include: { parent: true, _count: { select: { children: true } } } },
  ]),
  ...each(ids, (parentId) => ['folder', 'findMany', { where: { parentId }, orderBy: { id: 'asc' } }]),
  ['folder', 'findMany', { where: { grade: 'HIGH', children: { some: {} } }, orderBy: { id: 'asc' } }],
  ...each(ids, (id) => ['link', 'findUnique', { where: { id } }]),
  ...each(ids, (prevId) => ['link', 'findUnique', { where: { prevId } }]),
  ...each(ids, (id) => [
    'link',
    'findUnique',
    { where: { id }, include: { prev: true, next: { include: { next: true } } } },
  ]),
  ['link', 'findMany', { where: { next: null }, orderBy: { id: 'asc' } }],
  ...each(ids, (id) => ['paper', 'findUnique', { where: { id: uuid(id) } }]),
  ...each(ids, (id) => [
    'paper',
    'findFirst',
    { where: { id: uuid(id).toUpperCase() }, include: { labels: { orderBy: { id: 'asc' } } } },
  ]),
  ...each(ids, (folderId) => ['paper', 'findMany', { where: { folderId }, orderBy: { id: 'asc' } }]),
  [
    'paper',
    'findMany',
    { where: { labels: { some: { name: 'b1' } } }, include: { folder: true }, orderBy: { id: 'asc' } },
  ],
  ...each(ids, (id) => [
    'label',
    'findUnique',
    { where: { id: uuid(id) }, include: { papers: { orderBy: { id: 'asc' } } } },
  ]),
  ...each(ids, (id) => ['label', 'findUnique', { where: { name: `b${id}` } }]),
  ...each(ids, (id) => [
    'label',
    'findUnique',
    {
      where: { id: uuid(id) },
      select: { to: { orderBy: { id: 'asc' } }, related: { select: { name: true }, orderBy: { id: 'asc' } } },
    },
  ]),
]
