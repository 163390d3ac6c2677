import { AsyncLocalStorage } from 'node:async_hooks'
import { describe, expect, it } from 'vitest'
import { createStatementOrder } from '../../src/transaction/statement-order.ts'

describe('the order of statements', () => {
  it('is kept by sending a statement synchronously if no other statement is waiting', () => {
    const order = createStatementOrder()
    const sent: number[] = []
    void order.enter().send(async () => void sent.push(1))
    void order.enter().send(async () => void sent.push(2))
    expect(sent).toEqual([1, 2])
    expect(order.sent()).toBeUndefined()
  })

  it('is kept by delaying a statement until all statements called before it have been sent', async () => {
    const order = createStatementOrder()
    const sent: number[] = []
    const turns = [1, 2, 3].map(() => order.enter())
    const send = (number: number) => turns[number - 1]?.send(async () => sent.push(number))
    const third = send(3)
    const second = send(2)
    await Promise.resolve()
    expect(sent).toEqual([])
    const first = send(1)
    expect(sent).toEqual([1])
    expect(await Promise.all([first, second, third])).toEqual([1, 2, 3])
    expect(sent).toEqual([1, 2, 3])
  })

  it('leaves some microtasks between delayed statements, for drivers that need some themselves', async () => {
    const order = createStatementOrder()
    const reached: string[] = []
    const [slow, fast] = [order.enter(), order.enter()]
    const second = fast.send(async () => reached.push('fast'))
    await slow.send(async () => {
      for (let microtask = 0; microtask < 3; microtask++) await undefined
      reached.push('slow')
    })
    await second
    expect(reached).toEqual(['slow', 'fast'])
  })

  it('leaves some microtasks after a statement that was sent late without being delayed', async () => {
    const order = createStatementOrder()
    const reached: string[] = []
    const slow = order.enter()
    await undefined
    const first = slow.send(async () => {
      for (let microtask = 0; microtask < 3; microtask++) await undefined
      reached.push('slow')
    })
    await order.enter().send(async () => reached.push('fast'))
    await first
    expect(reached).toEqual(['slow', 'fast'])
  })

  it('does not wait for a statement that is never sent', async () => {
    const order = createStatementOrder()
    const [hit, write] = [order.enter(), order.enter()]
    const written = write.send(async () => 'written')
    hit.leave()
    expect(await written).toBe('written')
  })

  it('waits for a statement to be sent, not for its reply', () => {
    const order = createStatementOrder()
    const sent: string[] = []
    void order.enter().send(() => new Promise(() => sent.push('never answered')))
    void order.enter().send(async () => sent.push('next'))
    expect(sent).toEqual(['never answered', 'next'])
  })

  it('passes on rejections and thrown errors of a statement, and continues with the next', async () => {
    const order = createStatementOrder()
    const [first, second, third] = [order.enter(), order.enter(), order.enter()]
    const ends = [
      third.send(async () => 'third'),
      second.send(() => {
        throw new Error('thrown')
      }),
      first.send(() => Promise.reject(new Error('rejected'))),
    ]
    expect((await Promise.allSettled(ends)).map((end) => end.status)).toEqual([
      'fulfilled',
      'rejected',
      'rejected',
    ])
  })

  it('resolves once all statements called so far have been sent', async () => {
    const order = createStatementOrder()
    const turn = order.enter()
    const happened: string[] = []
    const sent = order.sent()?.then(() => happened.push('commit may be sent'))
    await turn.send(async () => happened.push('statement'))
    await sent
    expect(happened).toEqual(['statement', 'commit may be sent'])
  })

  it('runs a statement in the asynchronous context of its own call', async () => {
    const storage = new AsyncLocalStorage<string>()
    const order = createStatementOrder()
    const first = order.enter()
    const second = storage.run('second', () => order.enter().send(async () => storage.getStore()))
    const third = order.enter().send(async () => storage.getStore())
    await storage.run('first', () => first.send(async () => {}))
    expect(await second).toBe('second')
    expect(await third).toBeUndefined()
  })
})
