/**
 * One sign that the database could not be reached or did not answer in time. An error shows it if it meets every field that
 * is given.
 */
export interface OutageSign {
  /** One of these is a code of the error: Node's, a SQLSTATE, or the driver's own by name and by number. */
  readonly codes?: readonly string[]
  /** The whole message of the error. Without `codes`, neither the error nor its cause may have a code: a user may choose the text. */
  readonly message?: string
  /** The message of the error begins with one of these. */
  readonly beginnings?: readonly string[]
  /** The server has ended the connection. With severity `ERROR` only the statement failed, whatever its code. */
  readonly fatal?: true
  /** One of these is the HTTP status of the error. */
  readonly statuses?: readonly number[]
  /** No sign if the cause's text contains this. */
  readonly unlessCause?: string
  /** What has happened, for the documentation. */
  readonly meaning: string
}

/** Errors are wrapped a few times: by the ORM, its adapter, and the driver. */
const MOST_LINKS = 8

/**
 * Returns a function that is true for an error that shows one of `signs`, in itself or in what it wraps. It never throws,
 * whatever it is given.
 */
export function createOutageDetector(signs: readonly OutageSign[]): (error: unknown) => boolean {
  return (error) => {
    try {
      return shows(signs, error, MOST_LINKS)
    } catch {
      return false
    }
  }
}

/** What an error of a driver or an ORM may carry. */
interface ErrorParts {
  readonly message?: unknown
  readonly code?: unknown
  /** A number of MySQL, or a negative one of the operating system. */
  readonly errno?: unknown
  /** Of PostgreSQL. */
  readonly severity?: unknown
  /** Of HTTP. */
  readonly status?: unknown
  /** Of a `PrismaClientInitializationError`. */
  readonly errorCode?: unknown
  /** What Prisma's driver adapters make of an error: its kind, and the driver's code. */
  readonly kind?: unknown
  readonly originalCode?: unknown
  readonly originalMessage?: unknown
  /** Of a `PrismaClientKnownRequestError`. */
  readonly meta?: { readonly driverAdapterError?: unknown }
  readonly cause?: unknown
  /** Of an `AggregateError`: one for each address of the host. */
  readonly errors?: unknown
}

function shows(signs: readonly OutageSign[], value: unknown, links: number): boolean {
  if (typeof value !== 'object' || value === null || links === 0) return false
  const error = value as ErrorParts
  const codes = codesOf(error)
  if (signs.some((sign) => meets(sign, error, codes))) return true
  const { cause, meta, errors } = error
  if (Array.isArray(errors) && errors.length && errors.every((each) => shows(signs, each, links - 1)))
    return true
  return shows(signs, cause, links - 1) || shows(signs, meta?.driverAdapterError, links - 1)
}

function codesOf(value: unknown): readonly string[] {
  const { code, errno, errorCode, kind, originalCode } = (value ?? {}) as ErrorParts
  return [code, errno, errorCode, kind, originalCode]
    .filter((each) => typeof each === 'string' || typeof each === 'number')
    .map(String)
}

function meets(
  { codes, message, beginnings, fatal, statuses, unlessCause }: OutageSign,
  error: ErrorParts,
  shown: readonly string[],
): boolean {
  if (codes && !codes.some((code) => shown.includes(code))) return false
  if (!codes && message !== undefined && (shown.length || codesOf(error.cause).length)) return false
  if (message !== undefined && message !== error.message && message !== error.originalMessage) return false
  if (beginnings && !beginnings.some((text) => String(error.message).startsWith(text))) return false
  if (fatal && error.severity === 'ERROR') return false
  if (statuses && !statuses.some((status) => status === error.status)) return false
  return unlessCause === undefined || !textOf(error.cause).includes(unlessCause)
}

function textOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause ?? '')
}
