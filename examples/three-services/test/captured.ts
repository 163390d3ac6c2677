import { createScreen, type Screen } from '../src/screen.ts'

/** A screen, and what was written to it. */
export interface Captured {
  readonly screen: Screen
  readonly output: { write(text: string): void }
  text(): string
  /** Characters of its longest line. */
  widest(): number
}

export function captured(
  env: NodeJS.ProcessEnv = {},
  terminal: { isTTY?: boolean; columns?: number } = {},
): Captured {
  let text = ''
  const output = {
    ...terminal,
    write(more: string) {
      text += more
    },
  }
  return {
    screen: createScreen(output, env),
    output,
    text: () => text,
    widest: () => Math.max(...text.split(/[\n\r]/).map((line) => line.length)),
  }
}
