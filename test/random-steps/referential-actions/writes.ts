import type { Random } from '../../support/random.ts'
import type { Operation } from '../../workload/prisma/operation.ts'
import { uuid } from './schema.ts'

type Data = Record<string, unknown>
type Make = (on: Draw) => Operation

/** Random keys and values: small, so that most name something. */
interface Draw {
  readonly random: Random
  readonly id: () => number
  readonly tenant: () => number
  readonly word: (letter: string) => string
  readonly grade: () => string
  readonly uuid: () => string
}

/** A random write of the schema of actions: nested to depth 2. */
export function randomAction(random: Random): Operation {
  const { int, pick } = random
  return pick(WRITES)({
    random,
    id: () => int(1, 5),
    tenant: () => (random.chance(0.6) ? 1 : int(1, 4)),
    word: (letter) => `${letter}${int(1, 5)}`,
    grade: () => pick(['LOW', 'HIGH']),
    uuid: () => uuid(int(1, 5)),
  })
}

const place = ({ tenant, id }: Draw): Data => ({ tenantId_no: { tenantId: tenant(), no: id() } })

const newMember = (on: Draw, tenantId = on.tenant()): Data => ({
  tenantId,
  no: on.id(),
  name: on.word('m'),
  ...(on.random.chance(0.6) && { teamNo: on.id() }),
  ...(on.random.chance(0.3) && { mentorNo: on.id() }),
})
const newLabel = (on: Draw): Data => ({ id: on.uuid(), name: on.word('b') })
const newPaper = (on: Draw): Data => ({
  ...(on.random.chance(0.8) && { id: on.uuid() }),
  title: on.word('p'),
})

/** Labels written from a paper, or from a label. */
function labels(on: Draw): Data {
  const uniqueFilter = (): Data => (on.random.chance(0.7) ? { id: on.uuid() } : { name: on.word('b') })
  return on.random.pick([
    () => ({ connect: [uniqueFilter(), uniqueFilter()] }),
    () => ({ disconnect: uniqueFilter() }),
    () => ({ set: [uniqueFilter()] }),
    () => ({ create: newLabel(on) }),
    () => ({ connectOrCreate: { where: uniqueFilter(), create: newLabel(on) } }),
    () => ({ delete: uniqueFilter() }),
    () => ({ deleteMany: { name: on.word('b') } }),
    () => ({ update: { where: uniqueFilter(), data: { name: on.word('b') } } }),
    () => ({ updateMany: { where: { id: on.uuid() }, data: { id: on.uuid() } } }),
    () => ({ upsert: { where: uniqueFilter(), create: newLabel(on), update: { name: on.word('b') } } }),
  ])()
}

/** Folders written from their parent. */
function children(on: Draw): Data {
  return on.random.pick([
    () => ({ connect: { id: on.id() } }),
    () => ({ disconnect: { id: on.id() } }),
    () => ({ set: [{ id: on.id() }, { id: on.id() }] }),
    () => ({ create: { id: on.id(), papers: { create: newPaper(on) } } }),
    () => ({ delete: { id: on.id() } }),
    () => ({ deleteMany: { grade: on.grade() } }),
    () => ({ updateMany: { where: { grade: on.grade() }, data: { id: on.id() } } }),
    () => ({ update: { where: { id: on.id() }, data: { grade: on.grade(), parent: { disconnect: true } } } }),
  ])()
}

/** The neighbour of a link, from either end. */
function neighbour(on: Draw): Data {
  return on.random.pick([
    () => ({ connect: { id: on.id() } }),
    () => ({ disconnect: true }),
    () => ({ delete: true }),
    () => ({ create: { id: on.id(), text: on.word('l') } }),
    () => ({ update: { text: on.word('l'), next: { connect: { id: on.id() } } } }),
    () => ({ upsert: { create: { id: on.id(), text: on.word('l') }, update: { id: on.id() } } }),
    () => ({ connectOrCreate: { where: { id: on.id() }, create: { id: on.id(), text: on.word('l') } } }),
  ])()
}

/** Members written from their team: its tenant is theirs. */
function members(on: Draw): Data {
  const { random, id, word } = on
  return random.pick([
    () => ({ connect: place(on) }),
    () => ({ disconnect: place(on) }),
    () => ({ set: [place(on)] }),
    () => ({ create: { no: id(), name: word('m'), tenant: { connect: { id: on.tenant() } } } }),
    () => ({ delete: place(on) }),
    () => ({ deleteMany: { name: word('m') } }),
    () => ({ update: { where: place(on), data: { name: word('m') } } }),
    () => ({ updateMany: { where: { no: id() }, data: { no: id() } } }),
  ])()
}

/** Rows for every key that is free, so that what others name is mostly there. */
const many = (model: string, row: (id: number, on: Draw) => Data): Make => {
  return (on) => {
    const data = [1, 2, 3, 4, 5].map((id) => row(id, on))
    return [model, 'createMany', { data, skipDuplicates: true }]
  }
}

const WRITES: readonly Make[] = [
  many('tenant', (id) => ({ id, name: `t${id}` })),
  many('team', (no, on) => ({ tenantId: on.tenant(), no, grade: on.grade() })),
  many('member', (no) => ({ tenantId: 1, no, name: `m${no}` })),
  many('member', (no, on) => ({ tenantId: 2, no, name: on.word('m') })),
  many('desk', (id, on) => ({ id, room: `r${id}`, tenantId: 1, teamNo: on.id() })),
  many('folder', (id, on) => ({ id, grade: on.grade(), parentId: id > 1 ? id - 1 : null })),
  many('link', (id) => ({ id, text: `l${id}`, prevId: id > 1 ? id - 1 : null })),
  many('paper', (id, on) => ({ id: uuid(id), title: on.word('p'), folderId: null })),
  many('paper', (id) => ({ id: uuid(id), title: `p${id}` })),
  many('label', (id) => ({ id: uuid(id), name: `b${id}` })),
  (on) => ['tenant', 'create', { data: { id: on.tenant(), name: on.word('t') } }],
  (on) => {
    const team = { no: on.id(), grade: on.grade() }
    const create = { id: on.tenant(), name: on.word('t'), teams: { create: team } }
    const update = on.random.pick([{ id: on.tenant() }, { teams: { upsert: upserted(on, team) } }])
    return ['tenant', 'upsert', { where: { id: on.tenant() }, create, update }]
  },
  (on) => ['tenant', 'update', { where: { name: on.word('t') }, data: { id: on.id() } }],
  (on) => ['tenant', 'delete', { where: { id: on.tenant() } }],
  (on) => ['team', 'create', { data: { tenantId: on.tenant(), no: on.id(), grade: on.grade() } }],
  (on) => ['team', 'update', { where: place(on), data: { no: on.id() } }],
  (on) => ['team', 'update', { where: place(on), data: { tenant: { connect: { id: on.tenant() } } } }],
  (on) => ['team', 'update', { where: place(on), data: { grade: on.grade(), members: members(on) } }],
  (on) => ['team', 'updateMany', { where: { grade: on.grade(), no: on.id() }, data: { no: on.id() } }],
  (on) => ['team', 'delete', { where: place(on) }],
  (on) => ['team', 'deleteMany', { where: { grade: on.grade(), no: { gt: 2 } } }],
  (on) => ['member', 'create', { data: newMember(on) }],
  (on) => ['member', 'createMany', { data: [newMember(on, 1), newMember(on, 2)] }],
  (on) => ['member', 'update', { where: place(on), data: { mentorNo: on.random.pick([null, on.id()]) } }],
  (on) => ['member', 'update', { where: place(on), data: { tenantId: on.tenant(), teamNo: null } }],
  (on) => ['member', 'update', { where: place(on), data: { pupils: { connect: place(on) } } }],
  (on) => ['member', 'update', { where: place(on), data: { team: { disconnect: true } } }],
  (on) => [
    'member',
    'update',
    { where: place(on), data: { desks: { create: { id: on.id(), room: 'r9' } } } },
  ],
  (on) => ['member', 'delete', { where: place(on) }],
  (on) => [
    'desk',
    'create',
    { data: { id: on.id(), room: on.word('r'), tenantId: on.tenant(), teamNo: on.id() } },
  ],
  (on) => ['desk', 'update', { where: { id: on.id() }, data: { team: { connect: place(on) } } }],
  (on) => ['desk', 'update', { where: { id: on.id() }, data: { owner: { connect: place(on) } } }],
  (on) => [
    'desk',
    'update',
    { where: { ownerNo: on.id() }, data: { owner: { disconnect: true }, room: 'r8' } },
  ],
  (on) => ['desk', 'updateMany', { where: { tenantId: on.tenant() }, data: { teamNo: on.id() } }],
  (on) => [
    'folder',
    'upsert',
    { where: { id: 1 }, create: { id: 1, parentId: null }, update: { grade: on.grade() } },
  ],
  (on) => ['folder', 'create', { data: { id: on.id(), grade: on.grade() } }],
  (on) => ['folder', 'update', { where: { id: on.id() }, data: { children: children(on) } }],
  (on) => ['folder', 'update', { where: { id: on.id() }, data: { id: on.id() } }],
  (on) => [
    'folder',
    'update',
    { where: { id: on.id() }, data: { papers: { create: [newPaper(on), newPaper(on)] } } },
  ],
  (on) => ['folder', 'update', { where: { id: on.id() }, data: { papers: { set: [{ id: on.uuid() }] } } }],
  (on) => ['folder', 'delete', { where: { id: on.random.int(2, 5) } }],
  (on) => ['folder', 'deleteMany', { where: { grade: 'LOW', id: { gt: on.id() } } }],
  (on) => [
    'link',
    'create',
    { data: { id: on.id(), text: on.word('l'), prevId: on.random.pick([null, on.id()]) } },
  ],
  (on) => ['link', 'create', { data: { id: on.id(), text: on.word('l') } }],
  (on) => ['link', 'update', { where: { id: on.id() }, data: { prev: neighbour(on) } }],
  (on) => ['link', 'update', { where: { id: on.id() }, data: { next: neighbour(on) } }],
  (on) => ['link', 'update', { where: { prevId: on.id() }, data: { id: on.id(), text: on.word('l') } }],
  (on) => ['link', 'delete', { where: { id: on.id() } }],
  (on) => ['paper', 'create', { data: { ...newPaper(on), labels: { connect: { id: on.uuid() } } } }],
  (on) => ['paper', 'update', { where: { id: on.uuid() }, data: { labels: labels(on) } }],
  (on) => ['paper', 'update', { where: { id: on.uuid() }, data: { id: on.uuid() } }],
  (on) => ['paper', 'updateMany', { where: { folderId: on.id() }, data: { title: on.word('p') } }],
  (on) => ['paper', 'delete', { where: { id: on.uuid() } }],
  (on) => ['label', 'create', { data: { ...newLabel(on), papers: { create: newPaper(on) } } }],
  (on) => ['label', 'update', { where: { name: on.word('b') }, data: { id: on.uuid() } }],
  (on) => ['label', 'update', { where: { id: on.uuid() }, data: { related: labels(on) } }],
  (on) => ['label', 'update', { where: { id: on.uuid() }, data: { to: labels(on) } }],
  (on) => ['label', 'delete', { where: { name: on.word('b') } }],
]

function upserted(on: Draw, create: Data): Data {
  return { where: place(on), create, update: { grade: on.grade() } }
}
