/** Shown in place of a secret. */
const HIDDEN = '***'

/** Hides the passwords and tokens of these URLs, encoded or not, and the passwords of all other URLs in a text. */
export function conceal(text: string, urls: readonly (string | undefined)[]): string {
  const secrets = new Set(urls.flatMap((url) => (url === undefined ? [] : secretsOf(url))))
  let shown = text
  for (const secret of [...secrets].sort((a, b) => b.length - a.length))
    shown = shown.replaceAll(secret, HIDDEN)
  return shown.replace(/(:\/\/[^\s:/@]*):[^\s/@]+@/g, `$1:${HIDDEN}@`)
}

function secretsOf(url: string): readonly string[] {
  const [, password = ''] = /:\/\/[^:/?#]*:(.*)@/.exec(url) ?? []
  const [, token = ''] = /[?&](?:authToken|password)=([^&#]+)/i.exec(url) ?? []
  return [password, token].flatMap((secret) => (secret ? [secret, decoded(secret)] : []))
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
