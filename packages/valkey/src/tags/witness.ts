import type { FinishRequest, MarkRequest, ReportedTag, TagReport } from '@larder/core/store'
import type { Answer } from '../connection/send.ts'
import type { Claim, Topology, ValkeyNode } from '../topology/topology.ts'
import type { Epoch } from '../watch/epoch.ts'

/** What a script saw of the tags it was to witness; the store adds its epoch. */
export type Witnessed = Omit<TagReport, 'epoch'>

/** Texts a script gives for each tag: nonce found, own mark, foreign mark, nonce left. */
const TEXTS = 4

/** A server that is about to be asked, and what is believed of it. */
export interface Asked {
  readonly node: ValkeyNode
  readonly claim: Claim
}

/**
 * The server that is about to be asked, where something is witnessed and that server is trusted: a mark is sent to any,
 * but what only a trusted one says counts.
 */
export function askedOf(
  topology: Topology,
  { record, reportOn }: MarkRequest | FinishRequest,
): Asked | undefined {
  if (!reportOn) return undefined
  try {
    const node = topology.nodeOf(record)
    return { node, claim: node.claim() }
  } catch {
    return undefined
  }
}

/** Whether it was that server that answered, as far as is known already: nobody waits for a check because of a report. */
function vouchedFor(topology: Topology, record: string, { node, claim }: Asked): boolean {
  try {
    const checked = topology.nodeOf(record) === node ? node.confirm(claim) : Promise.resolve(0)
    checked?.catch(() => {})
    return checked === undefined
  } catch {
    return false
  }
}

/** Reads the answers to one call. Undefined where it was to witness nothing, or another server may have answered. */
export function witnessed(
  topology: Topology,
  { record, reportOn }: MarkRequest | FinishRequest,
  asked: Asked | undefined,
  answers: readonly Answer[],
): Witnessed | undefined {
  const [texts, ...more] = answers
  if (!reportOn || !asked || more.length || !Array.isArray(texts)) return undefined
  if (!vouchedFor(topology, record, asked)) return undefined
  const { life } = asked.claim
  const tags: ReportedTag[] = []
  for (let at = 0; at < texts.length; at += TEXTS) {
    const [found, own, foreign, left] = texts.slice(at, at + TEXTS).map(String)
    const nonce = (text: string | undefined) => (text ? `${text}@${life}` : undefined)
    tags.push({ found: nonce(found), left: nonce(left || found), own: own === '1', foreign: foreign === '1' })
  }
  const { length } = reportOn.fields
  if (tags.length !== length + reportOn.cells.length) return undefined
  return { fields: tags.slice(0, length), cells: tags.slice(length) }
}

/** Sends a mark or a finish and adds the epoch to what was witnessed: one that changed meanwhile belongs to neither side. */
export async function reported<R extends MarkRequest | FinishRequest>(
  epoch: Pick<Epoch, 'current'>,
  request: R,
  tell: (request: R) => Promise<Witnessed | undefined>,
): Promise<TagReport | undefined> {
  const before = request.reportOn && present(epoch)
  const seen = await tell(request)
  return seen && before !== undefined && present(epoch) === before ? { epoch: before, ...seen } : undefined
}

/** What has to be told to a store is told whatever the epoch. */
function present(epoch: Pick<Epoch, 'current'>): string | undefined {
  try {
    return epoch.current()
  } catch {
    return undefined
  }
}
