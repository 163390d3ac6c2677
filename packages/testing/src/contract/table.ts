import type { Fetched, FinishRequest, MarkRequest, Store, TagRequest, TagState } from '@larder/core/store'

/** Lifetime of marks and tags under test, in milliseconds. */
export const LIFETIME = 60_000

/** How much of the contract a suite runs. */
export type ContractExtent = 'full' | 'short'

/** Makes a store that is closed after the test. */
export type Start = (make?: () => Store | Promise<Store>) => Promise<Store>

/** Names and requests of one table. */
export interface ContractTable {
  readonly record: string
  cell(value: number | string): string
  ask(fields: readonly string[], cells?: readonly string[]): TagRequest
  mark(token: string, more?: Partial<MarkRequest>): MarkRequest
  finish(token: string, more?: Partial<FinishRequest>): FinishRequest
}

let count = 0

/** A name nobody used before: a shared server never shows one test what another left. */
export function unique(kind: string): string {
  return `contract:${kind}:${process.pid}:${count++}`
}

/** Names of one table of its own: a shared server never shows one test what another left. */
export function table(): ContractTable {
  const record = `{${unique('t')}}`
  const cell = (value: number | string): string => `${record}:k=${value}`
  const ask = (fields: readonly string[], cells: readonly string[] = []): TagRequest => ({
    record,
    fields,
    cells,
  })
  const mark = (token: string, more: Partial<MarkRequest> = {}): MarkRequest => ({
    record,
    token,
    fields: ['list'],
    known: [],
    cells: [],
    lifetime: LIFETIME,
    ...more,
  })
  const finish = (token: string, more: Partial<FinishRequest> = {}): FinishRequest => ({
    record,
    token,
    untouched: [],
    keep: [],
    cells: [],
    ...more,
  })
  return { record, cell, ask, mark, finish }
}

/** States of the tags asked for, one after the other. */
export async function see(store: Store, ...requests: TagRequest[]): Promise<readonly TagState[]> {
  return flat(await store.fetch(undefined, requests))
}

export async function seed(store: Store, ...requests: TagRequest[]): Promise<readonly TagState[]> {
  return flat(await store.seed(requests, LIFETIME))
}

function flat({ tags }: Fetched): readonly TagState[] {
  return tags.flatMap(({ fields, cells }) => [...fields, ...cells])
}

export function nonce(tag: TagState | undefined): string | undefined {
  return tag?.nonce
}

export function isDirty(tag: TagState | undefined): boolean | undefined {
  return tag?.dirty
}
