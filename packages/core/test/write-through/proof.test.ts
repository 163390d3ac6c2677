import { describe, expect, it } from 'vitest'
import type { ReportedTag, TagReport } from '../../src/tags/tag.ts'
import {
  type CandidateRow,
  candidateTagsOf,
  type Evidence,
  mergeCandidateTags,
  proofOf,
  reportRequestOf,
} from '../../src/write-through/proof.ts'

// Nonces decide in every schedule the checker has seen; each of the other conditions is enough to store nothing.

const row: CandidateRow = { record: '{r}', field: 'k', cell: '{r}:1', lifetime: 1_000, store: async () => {} }
const request = { fields: ['k'], cells: ['{r}:1'], lifetime: 1_000 }
const tag = (found: string, more: Partial<ReportedTag> = {}): ReportedTag => ({
  found,
  left: found,
  own: true,
  foreign: false,
  ...more,
})
const testimony = (field: ReportedTag, cell: ReportedTag, more: Partial<TagReport> = {}): Evidence => ({
  request,
  report: { epoch: 'e', fields: [field], cells: [cell], ...more },
})
const marked = testimony(tag('f'), tag('c'))
const finished = testimony(tag('f'), tag('c', { left: 'new' }))

it('a row that no other write touched is stored with the field of the mark and the cell of the finish', () => {
  expect(proofOf(row, marked, finished)).toEqual({ epoch: 'e', field: 'f', cell: 'new' })
})

describe('nothing is proven', () => {
  it.each([
    ['the mark was not reported on', undefined, finished],
    ['the finish was not reported on', marked, undefined],
    ['another began on the row before', testimony(tag('f'), tag('c', { foreign: true })), finished],
    ['another began on unknown rows before', testimony(tag('f', { foreign: true }), tag('c')), finished],
    ['another is on the row', marked, testimony(tag('f'), tag('c', { left: 'n', foreign: true }))],
    ['another is on unknown rows', marked, testimony(tag('f', { foreign: true }), tag('c', { left: 'n' }))],
    ['another came and went on the row', marked, testimony(tag('f'), tag('d', { left: 'n' }))],
    ['another came and went on unknown rows', marked, testimony(tag('g'), tag('c', { left: 'n' }))],
    ['its own mark was lost', marked, testimony(tag('f'), tag('c', { left: 'n', own: false }))],
    ['its own mark never was', testimony(tag('f'), tag('c', { own: false })), finished],
    ['the cell is gone', marked, testimony(tag('f'), tag('c', { left: undefined }))],
    ['the field is gone', marked, testimony(tag('f', { found: undefined }), tag('c', { left: 'n' }))],
    [
      'everything was invalidated meanwhile',
      marked,
      testimony(tag('f'), tag('c', { left: 'n' }), { epoch: 'x' }),
    ],
    ['it is not what was asked about', { ...marked, request: { ...request, cells: ['{r}:2'] } }, finished],
  ])('where %s', (_, before, after) => {
    expect(proofOf(row, before, after)).toBeUndefined()
  })
})

describe('a witness', () => {
  const tags = {
    table: 't',
    record: '{r}',
    known: ['k', 'l'],
    unknown: new Set(['l']),
    cells: new Set(['{r}:1']),
  }
  const stakes = {
    tags: [{ record: '{r}', fields: ['k', 'l', 'm'], cells: ['{r}:1', '{r}:2'] }],
    lifetime: 5,
  }

  it('a report is requested on keys that the write need not mark and cells that it marks', () => {
    expect(reportRequestOf(tags, stakes)).toEqual({ fields: ['k'], cells: ['{r}:1'], lifetime: 5 })
  })

  it('no report is requested if there is nothing to report on', () => {
    expect(reportRequestOf(tags, undefined)).toBeUndefined()
    expect(reportRequestOf({ ...tags, record: '{s}' }, stakes)).toBeUndefined()
    expect(reportRequestOf({ ...tags, cells: new Set() }, stakes)).toBeUndefined()
    expect(reportRequestOf({ ...tags, unknown: new Set(['k', 'l']) }, stakes)).toBeUndefined()
  })

  it('of several rows is one for each record', () => {
    const other = { ...row, cell: '{r}:2', lifetime: 2_000 }
    const far = { ...row, record: '{s}' }
    expect(mergeCandidateTags([row, other, far].map(candidateTagsOf))).toEqual({
      tags: [
        { record: '{r}', fields: ['k'], cells: ['{r}:1', '{r}:2'] },
        { record: '{s}', fields: ['k'], cells: ['{r}:1'] },
      ],
      lifetime: 2_000,
    })
    expect(mergeCandidateTags([])).toBeUndefined()
  })
})
