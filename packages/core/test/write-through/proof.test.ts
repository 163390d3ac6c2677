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
const tag = (nonceFound: string, more: Partial<ReportedTag> = {}): ReportedTag => ({
  nonceBefore: nonceFound,
  nonceAfter: nonceFound,
  ownMark: true,
  otherMark: false,
  ...more,
})
const reportOf = (field: ReportedTag, cell: ReportedTag, more: Partial<TagReport> = {}): Evidence => ({
  request,
  report: { epoch: 'e', fields: [field], cells: [cell], ...more },
})
const marked = reportOf(tag('f'), tag('c'))
const finished = reportOf(tag('f'), tag('c', { nonceAfter: 'new' }))

it('a row that no other write touched is stored with the field nonce of the mark and the cell nonce of the finish', () => {
  expect(proofOf(row, marked, finished)).toEqual({ epoch: 'e', field: 'f', cell: 'new' })
})

describe('a written row is not stored', () => {
  it.each([
    ['the mark has no report', undefined, finished],
    ['the finish has no report', marked, undefined],
    [
      'another write of the row was pending before',
      reportOf(tag('f'), tag('c', { otherMark: true })),
      finished,
    ],
    [
      'another write of unknown rows was pending before',
      reportOf(tag('f', { otherMark: true }), tag('c')),
      finished,
    ],
    [
      'another write of the row is pending',
      marked,
      reportOf(tag('f'), tag('c', { nonceAfter: 'n', otherMark: true })),
    ],
    [
      'another write of unknown rows is pending',
      marked,
      reportOf(tag('f', { otherMark: true }), tag('c', { nonceAfter: 'n' })),
    ],
    [
      'another write of the row finished meanwhile',
      marked,
      reportOf(tag('f'), tag('d', { nonceAfter: 'n' })),
    ],
    [
      'another write of unknown rows finished meanwhile',
      marked,
      reportOf(tag('g'), tag('c', { nonceAfter: 'n' })),
    ],
    ['its own mark was lost', marked, reportOf(tag('f'), tag('c', { nonceAfter: 'n', ownMark: false }))],
    ['its own mark was never set', reportOf(tag('f'), tag('c', { ownMark: false })), finished],
    ['the cell is missing', marked, reportOf(tag('f'), tag('c', { nonceAfter: undefined }))],
    [
      'the field is missing',
      marked,
      reportOf(tag('f', { nonceBefore: undefined }), tag('c', { nonceAfter: 'n' })),
    ],
    [
      'everything was invalidated meanwhile',
      marked,
      reportOf(tag('f'), tag('c', { nonceAfter: 'n' }), { epoch: 'x' }),
    ],
    ['the report is about another row', { ...marked, request: { ...request, cells: ['{r}:2'] } }, finished],
  ])('where %s', (_, before, after) => {
    expect(proofOf(row, before, after)).toBeUndefined()
  })
})

describe('a report request', () => {
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

  it('covers keys that the write need not mark and cells that it marks', () => {
    expect(reportRequestOf(tags, stakes)).toEqual({ fields: ['k'], cells: ['{r}:1'], lifetime: 5 })
  })

  it('is omitted if there is nothing to report', () => {
    expect(reportRequestOf(tags, undefined)).toBeUndefined()
    expect(reportRequestOf({ ...tags, record: '{s}' }, stakes)).toBeUndefined()
    expect(reportRequestOf({ ...tags, cells: new Set() }, stakes)).toBeUndefined()
    expect(reportRequestOf({ ...tags, unknown: new Set(['k', 'l']) }, stakes)).toBeUndefined()
  })

  it('for several rows has one part for each record', () => {
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
