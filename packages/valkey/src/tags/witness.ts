import type { FinishRequest, MarkRequest, TagReport, WitnessedTag } from '@larder/core'
import type { Answer } from '../connection/send.ts'
import type { Topology } from '../topology/topology.ts'
import type { Epoch } from '../watch/epoch.ts'

/** What a script saw of the tags it was to witness; the store adds its epoch. */
export type Witnessed = Omit<TagReport, 'epoch'>

/** Texts a script gives for each tag: nonce found, own mark, foreign mark, nonce left. */
const TEXTS = 4

/**
 * The life of the server that is about to be asked, where something is witnessed and that server is trusted: a mark is
 * sent to any, but what only a trusted one says counts.
 */
export function lifeOf(
  topology: Topology,
  { record, witness }: MarkRequest | FinishRequest,
): string | undefined {
  if (!witness) return undefined
  try {
    return topology.nodeOf(record).incarnation()
  } catch {
    return undefined
  }
}

/** Reads the answers to one call. Undefined where it was to witness nothing, or another server may have answered. */
export function witnessed(
  topology: Topology,
  request: MarkRequest | FinishRequest,
  life: string | undefined,
  answers: readonly Answer[],
): Witnessed | undefined {
  const { witness } = request
  const [texts, ...more] = answers
  if (!witness || life === undefined || more.length || !Array.isArray(texts)) return undefined
  if (lifeOf(topology, request) !== life) return undefined
  const tags: WitnessedTag[] = []
  for (let at = 0; at < texts.length; at += TEXTS) {
    const [found, own, foreign, left] = texts.slice(at, at + TEXTS).map(String)
    const nonce = (text: string | undefined) => (text ? `${text}@${life}` : undefined)
    tags.push({ found: nonce(found), left: nonce(left || found), own: own === '1', foreign: foreign === '1' })
  }
  const { length } = witness.fields
  if (tags.length !== length + witness.cells.length) return undefined
  return { fields: tags.slice(0, length), cells: tags.slice(length) }
}

/** Sends a mark or a finish and adds the epoch to what was witnessed: one that changed meanwhile belongs to neither side. */
export async function reported<R extends MarkRequest | FinishRequest>(
  epoch: Pick<Epoch, 'current'>,
  request: R,
  tell: (request: R) => Promise<Witnessed | undefined>,
): Promise<TagReport | undefined> {
  const before = request.witness && present(epoch)
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
