import type { FinishRequest, MarkRequest, ReportedTag, TagReport } from '@larder/core/store'
import type { Reply } from '../connection/send.ts'
import type { Topology, TrustToken, ValkeyNode } from '../topology/topology.ts'
import type { Epoch } from '../watch/epoch.ts'

/** A {@link TagReport} as a script returns it. The store adds its epoch. */
export type ReportWithoutEpoch = Omit<TagReport, 'epoch'>

/** How many texts a script returns for each tag: nonce before, own mark, another write's mark, nonce after. */
const TEXTS = 4

/** A node, and the token under which its reply will count. */
export interface TrustedNode {
  readonly node: ValkeyNode
  readonly token: TrustToken
}

/**
 * The node that a request is about to be sent to, if the request asks for a report and the node is trusted. Marks are sent to
 * any node, but only the report of a trusted one counts.
 */
export function trustedNodeOf(
  topology: Topology,
  { record, reportOn }: MarkRequest | FinishRequest,
): TrustedNode | undefined {
  if (!reportOn) return undefined
  try {
    const node = topology.nodeOf(record)
    return { node, token: node.requireTrust() }
  } catch {
    return undefined
  }
}

/** True if the same node replied and no check is needed to trust it: a report is not worth waiting for one. */
function stillTrusted(topology: Topology, record: string, { node, token }: TrustedNode): boolean {
  try {
    const checked = topology.nodeOf(record) === node ? node.confirm(token) : Promise.resolve(0)
    checked?.catch(() => {})
    return checked === undefined
  } catch {
    return false
  }
}

/** Parses the replies to one call. Undefined if no report was asked for, or if another server may have replied. */
export function reportOf(
  topology: Topology,
  { record, reportOn }: MarkRequest | FinishRequest,
  trusted: TrustedNode | undefined,
  replies: readonly Reply[],
): ReportWithoutEpoch | undefined {
  const [texts, ...more] = replies
  if (!reportOn || !trusted || more.length || !Array.isArray(texts)) return undefined
  if (!stillTrusted(topology, record, trusted)) return undefined
  const { incarnation } = trusted.token
  const tags: ReportedTag[] = []
  for (let at = 0; at < texts.length; at += TEXTS) {
    const [before, own, other, after] = texts.slice(at, at + TEXTS).map(String)
    const nonce = (text: string | undefined) => (text ? `${text}@${incarnation}` : undefined)
    tags.push({
      nonceBefore: nonce(before),
      nonceAfter: nonce(after || before),
      ownMark: own === '1',
      otherMark: other === '1',
    })
  }
  const { length } = reportOn.fields
  if (tags.length !== length + reportOn.cells.length) return undefined
  return { fields: tags.slice(0, length), cells: tags.slice(length) }
}

/** Sends a mark or a finish and adds the epoch to its report. No report if the epoch changed meanwhile. */
export function withEpoch<R extends MarkRequest | FinishRequest>(
  epoch: Pick<Epoch, 'current'>,
  request: R,
  send: (request: R) => Promise<ReportWithoutEpoch | undefined>,
): Promise<TagReport | undefined> {
  // Most writes ask for no report, and get none.
  return request.reportOn
    ? reportWithEpoch(epoch, request, send)
    : (send(request) as Promise<ReportWithoutEpoch | undefined> as Promise<undefined>)
}

async function reportWithEpoch<R extends MarkRequest | FinishRequest>(
  epoch: Pick<Epoch, 'current'>,
  request: R,
  send: (request: R) => Promise<ReportWithoutEpoch | undefined>,
): Promise<TagReport | undefined> {
  const before = currentEpoch(epoch)
  const report = await send(request)
  return report && before !== undefined && currentEpoch(epoch) === before
    ? { epoch: before, ...report }
    : undefined
}

/** Undefined instead of an error: marks and finishes are sent whatever the epoch. */
function currentEpoch(epoch: Pick<Epoch, 'current'>): string | undefined {
  try {
    return epoch.current()
  } catch {
    return undefined
  }
}
