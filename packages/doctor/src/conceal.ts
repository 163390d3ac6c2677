/** Shown in place of a secret. */
const HIDDEN = '***'

/** A text without the passwords and tokens of these URLs, however they are spelled, nor those of any other URL in it. */
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
  return [password, token].flatMap((one) => (one ? [one, decoded(one)] : []))
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
