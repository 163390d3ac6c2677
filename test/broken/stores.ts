import { memoryStore } from '@larder/core'
import type { Store } from '@larder/core/store'
import type { Datamodel, PrismaAction } from '@larder/prisma'
import { datamodel } from '../../prisma/generated/larder.ts'

// Stores and schemas that are wrong on purpose. A freshness test that does not report them proves nothing.

/** Ignores marks and finishes of one table. */
export function storeDeafTo(table: string): Store {
  const store = memoryStore()
  const deaf = (record: string): boolean => record.includes(`:${table}}`)
  return {
    ...store,
    mark: async (request) => (deaf(request.record) ? undefined : store.mark(request)),
    finish: async (request) => (deaf(request.record) ? undefined : store.finish(request)),
  }
}

/** Invalidates tables but not rows: reads by a key stay valid after a write of their row. */
export function storeWithoutCells(): Store {
  const store = memoryStore()
  return {
    ...store,
    mark: (request) => store.mark({ ...request, cells: [] }),
    finish: (request) => store.finish({ ...request, cells: [] }),
  }
}

/** Skips fields that the writer does not know. */
export function storeThatTrustsWriters(): Store {
  const store = memoryStore()
  const names = new Set<string>()
  return {
    ...store,
    seed: (tags, lifetime) => {
      for (const { fields } of tags) for (const field of fields) if (field !== 'list') names.add(field)
      return store.seed(tags, lifetime)
    },
    mark: (request) => store.mark({ ...request, known: [...request.known, ...names] }),
    finish: (request) => store.finish({ ...request, untouched: [...request.untouched, ...names] }),
  }
}

/** Only deletes on write, as most caches do: a load in flight stores the old result again. */
export function naiveStore(): Store {
  const entries = new Map<string, Uint8Array>()
  const clean = { nonce: 'same', dirty: false }
  const fetch: Store['fetch'] = async (entry, tags) => {
    const bytes = entry === undefined ? undefined : entries.get(entry)
    return {
      epoch: 'same',
      entry: bytes ? { bytes, remaining: 1_000_000 } : null,
      tags: tags.map((tag) => ({ fields: tag.fields.map(() => clean), cells: tag.cells.map(() => clean) })),
    }
  }
  return {
    source: 'memory',
    fetch,
    seed: (tags) => fetch(undefined, tags),
    mark: async () => {},
    renew: async () => {},
    finish: async () => {
      entries.clear()
      return undefined
    },
    set: async (entry, bytes) => void entries.set(entry, bytes),
    invalidateAll: async () => entries.clear(),
    close: async () => {},
  }
}

/** A schema without the cascades of the database. */
export function datamodelWithoutCascades(): typeof datamodel {
  return withoutActions(datamodel) as typeof datamodel
}

/** Another schema without its referential actions, or without the given ones. */
export function withoutActions(whole: Datamodel, actions?: readonly PrismaAction[]): Datamodel {
  const models = Object.entries(whole.models).map(([name, model]) => {
    const fields = Object.entries(model.fields).map(([field, definition]) => {
      const acts =
        definition.kind === 'relation' &&
        definition.onDelete &&
        (actions?.includes(definition.onDelete) ?? true)
      return [field, acts ? { ...definition, onDelete: 'Restrict' as const } : definition] as const
    })
    return [name, { ...model, fields: Object.fromEntries(fields) }] as const
  })
  return { ...whole, models: Object.fromEntries(models) }
}
