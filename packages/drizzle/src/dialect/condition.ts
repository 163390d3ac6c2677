import type { Column } from 'drizzle-orm'
import { isClosed } from './closed.ts'
import type { Node } from './tree.ts'

/** `column = parameter`, or `column in (parameter, …)`: indices among the statement's parameters. */
export interface Equality {
  readonly column: Column
  readonly parameters: readonly number[]
}

/** `column = other column`. */
export interface Link {
  readonly column: Column
  readonly other: Column
}

/** What a condition proves of every row that passes it. */
export interface Facts {
  readonly equalities: readonly Equality[]
  readonly links: readonly Link[]
}

const NONE: Facts = { equalities: [], links: [] }

/** The plain equalities that hold wherever the condition under `node` does: those at the top, joined by AND. */
export function factsOf(node: Node | undefined): Facts {
  if (!node || !isClosed(node)) return NONE
  const facts = { equalities: [] as Equality[], links: [] as Link[] }
  gather(node, facts)
  return facts
}

function gather(node: Node, facts: { equalities: Equality[]; links: Link[] }): void {
  if (node.piece.kind !== 'sql') return
  const parts = significant(node)
  const [first, second, third] = parts
  if (parts.length === 1 && first) gather(first, facts)
  else if (parts.length === 3 && first && second && third && !isAnd(second)) {
    const operator = textOf(second)
    if (textOf(first) === '(' && textOf(third) === ')') gather(second, facts)
    else if (first.piece.kind !== 'column') return
    else if (operator === '=') compared(first.piece.column, third, facts)
    else if (operator === 'in') listed(first.piece.column, third, facts)
  } else for (const member of membersOf(parts)) gather(member, facts)
}

const isAnd = (node: Node): boolean => textOf(node) === 'and'

/** c1 and c2 and c3: every member closed, or the whole says nothing. */
function membersOf(parts: readonly Node[]): readonly Node[] {
  const members = parts.filter((_, index) => index % 2 === 0)
  const joints = parts.filter((_, index) => index % 2 === 1)
  const joined = joints.length === members.length - 1 && joints.every(isAnd)
  const closed = members.every((member) => member.piece.kind === 'sql' && isClosed(member))
  return joined && closed ? members : []
}

function compared(column: Column, right: Node, facts: { equalities: Equality[]; links: Link[] }): void {
  if (right.parameter !== undefined) facts.equalities.push({ column, parameters: [right.parameter] })
  else if (right.piece.kind === 'column') facts.links.push({ column, other: right.piece.column })
}

function listed(column: Column, right: Node, facts: { equalities: Equality[] }): void {
  if (right.piece.kind !== 'list') return
  const parameters = right.children.map((item) => item.parameter)
  if (parameters.every((parameter) => parameter !== undefined)) facts.equalities.push({ column, parameters })
}

/** The children that leave something in the text. */
function significant(node: Node): readonly Node[] {
  return node.children.filter((child) => child.piece.kind !== 'nothing' && textOf(child) !== '')
}

function textOf({ piece }: Node): string | undefined {
  return piece.kind === 'text' ? piece.text.trim().toLowerCase() : undefined
}
