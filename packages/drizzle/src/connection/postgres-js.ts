import {
  type ConnectionSource,
  connectionByParsers,
  connectionFingerprint,
  networkPlace,
} from '@larder/core/host'

/** The options of postgres-js, after it has read URL and environment. */
interface PostgresJsOptions {
  readonly host?: readonly string[]
  readonly port?: readonly number[]
  /** Of a Unix socket. */
  readonly path?: string | false
  readonly database?: string
  readonly user?: string
  /** Settings sent at the start of a session. */
  readonly connection?: Readonly<Record<string, unknown>>
  readonly parsers?: Readonly<Record<number, unknown>>
  readonly transform?: Readonly<Record<string, { readonly from?: unknown } | undefined>>
  /** Decides which of several hosts is used. */
  readonly target_session_attrs?: string
}

export function postgresJsConnection(client: object): ConnectionSource | undefined {
  const { options } = client as { readonly options?: PostgresJsOptions }
  if (!options?.host || !options.port) return undefined
  const settings = [...settingsOf(options), ...connectionFingerprint(options, options.connection)]
  const place = placeOf(options)
  const current = connectionByParsers(options, false, (parsers) => ({
    place,
    hidden: false,
    settings: [...settings, parsers],
  }))
  return { current }
}

function placeOf({ host = [], port = [], path, database = '' }: PostgresJsOptions): string {
  const addresses = host.map((name, at) => ({ name: path || name, port: port[at] ?? port[0] ?? '' }))
  const [first = { name: '', port: '' }, ...others] = addresses
  const rest = others.map((address) => `,${address.name.toLowerCase()}:${address.port}`).join('')
  return `${networkPlace({ protocol: 'postgres', host: first.name, port: first.port, database })}${rest}`
}

function settingsOf({
  user,
  connection,
  transform,
  target_session_attrs,
}: PostgresJsOptions): readonly string[] {
  const { application_name: _, ...sent } = connection ?? {}
  return [
    `user=${user ?? ''}`,
    ...(target_session_attrs ? [`target=${target_session_attrs}`] : []),
    ...Object.entries(sent).map(([name, value]) => `${name}=${String(value)}`),
    ...Object.entries(transform ?? {}).flatMap(([name, transformation]) =>
      typeof transformation?.from === 'function' ? [`${name}.from=${String(transformation.from)}`] : [],
    ),
  ].sort()
}
