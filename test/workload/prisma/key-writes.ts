import type { Make } from './operation.ts'

/** Writes of tables whose keys are of several columns, or change. */
export const rest: readonly Make[] = [
  (s) => ['group', 'create', { data: { id: s.keys.newId(s.existing.groups, 3), name: 'g' } }],
  (s) => [
    'group',
    'update',
    { where: { id: s.keys.group() }, data: { id: s.random.int(1, 4), name: `g${s.random.int(1, 3)}` } },
  ],
  (s) => ['group', 'delete', { where: { id: s.keys.group() } }],
  (s) => {
    const [userId, groupId] = s.keys.membership()
    return [
      'membership',
      'upsert',
      {
        where: { userId_groupId: { userId, groupId } },
        create: { userId, groupId },
        update: { level: { increment: 1 } },
      },
    ]
  },
  (s) => {
    const [userId, groupId] = s.keys.membership()
    return [
      'membership',
      'update',
      { where: { userId_groupId: { userId, groupId } }, data: { groupId: s.keys.group() } },
    ]
  },
  (s) => {
    const [userId, groupId] = s.keys.membership()
    return [
      'membership',
      'update',
      {
        where: { userId_groupId: { userId, groupId } },
        data: {
          badges: s.random.pick([
            { connect: { id: s.keys.badge() } },
            { create: { label: 'z' } },
            { set: [] },
            { disconnect: { id: s.keys.badge() } },
          ]),
        },
      },
    ]
  },
  (s) => {
    const [userId, groupId] = s.keys.membership()
    return ['membership', 'delete', { where: { userId_groupId: { userId, groupId } } }]
  },
  (s) => ['membership', 'deleteMany', { where: { groupId: s.keys.group() } }],
  (s) => {
    const [userId, groupId] = s.keys.membership()
    return ['badge', 'update', { where: { id: s.keys.badge() }, data: { userId, groupId } }]
  },
  (s) => ['badge', 'create', { data: { id: s.keys.newId(s.existing.badges, 4), label: 'w' } }],
  (s) => [
    'ticket',
    'create',
    { data: s.random.chance(0.5) ? { title: 'k' } : { title: 'k', assigneeId: s.keys.user() } },
  ],
  (s) => [
    'ticket',
    'updateMany',
    { where: { assigneeId: s.keys.user() }, data: { assigneeId: s.keys.user() } },
  ],
  () => ['ticket', 'deleteMany', { where: { id: { gt: 4 } } }],
  (s) => [
    'seat',
    'update',
    { where: { id: s.keys.seat() }, data: { holder: s.random.pick(['h1', 'h2', null]) } },
  ],
  (s) => [
    'seat',
    'update',
    {
      where: { place: { venue: 'v', row: 1, number: s.random.int(1, 3) } },
      data: { number: s.random.int(1, 3) },
    },
  ],
  (s) => {
    const number = s.random.int(1, 4)
    return [
      'seat',
      'upsert',
      {
        where: { place: { venue: 'v', row: 1, number } },
        create: { venue: 'v', row: 1, number },
        update: { holder: `h${s.random.int(1, 2)}` },
      },
    ]
  },
  (s) => ['seat', 'delete', { where: { id: s.keys.seat() } }],
  (s) => ['stock', 'update', { where: { sku: s.keys.sku() }, data: { sku: s.keys.newSku() } }],
  (s) => [
    'stock',
    'update',
    {
      where: { sku: s.keys.sku() },
      data: {
        lines: s.random.pick([
          { connect: { id: s.keys.line() } },
          { create: { orderId: s.keys.order(), quantity: 1, price: 2 } },
          { deleteMany: {} },
        ]),
      },
    },
  ],
  (s) => [
    'stock',
    'upsert',
    {
      where: { sku: s.keys.newSku() },
      create: { sku: s.keys.newSku(), warehouse: 'w' },
      update: { quantity: { decrement: 1 } },
    },
  ],
  (s) => ['stock', 'delete', { where: { sku: s.keys.sku() } }],
  (s) => [
    'order',
    'create',
    {
      data: {
        id: s.keys.newId(s.existing.orders, 3),
        customer: 'n',
        lines: { create: { quantity: 1, price: 2, stock: { connect: { sku: s.keys.sku() } } } },
      },
    },
  ],
  (s) => ['order', 'delete', { where: { id: s.keys.order() } }],
  (s) => [
    'order',
    'update',
    {
      where: { id: s.keys.order() },
      data: { id: s.random.int(1, 3), status: s.random.pick(['OPEN', 'PAID']) },
    },
  ],
  (s) => [
    'legacyItem',
    'update',
    {
      where: { itemNo: s.keys.item() },
      data: { itemNo: s.random.int(1, 4), label: `L${s.random.int(1, 3)}` },
    },
  ],
  (s) => [
    'legacyItem',
    'create',
    {
      data: {
        itemNo: s.keys.newId(s.existing.items, 4),
        groupCode: 'g',
        label: `L${s.random.int(1, 3)}`,
        partOfNo: s.keys.item(),
      },
    },
  ],
  (s) => ['legacyItem', 'delete', { where: { itemNo: s.keys.item() } }],
]
