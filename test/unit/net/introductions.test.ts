import { setTimeout as sleep } from 'node:timers/promises'
import type { Connection } from '@libp2p/interface'
import t from 'tap'
import { configureLogging } from '../../../src/lib/log.ts'
import { Introductions } from '../../../src/net/introductions.ts'

configureLogging({ level: 'fatal' })

/** A peer that behaves as the test says, and what was done to it. */
function bed(answers: { identify?: () => Promise<boolean>; sayHello?: () => Promise<void>; isPeer?: () => boolean }) {
  const done: string[] = []
  const connection = { status: 'open', remotePeer: { toString: () => 'peer' } } as unknown as Connection
  const introductions: Introductions = new Introductions(
    {
      connections: () => [connection],
      identify: async () => {
        done.push('identify')
        introductions.identified(connection, (await answers.identify?.()) ?? true)
      },
      sayHello: async () => {
        done.push('hello')
        await answers.sayHello?.()
      },
      isPeer: answers.isPeer ?? (() => true),
      close: (_connection, reason) => {
        done.push(reason)
        ;(connection as { status: string }).status = 'closed'
      },
    },
    { patienceMs: 5 },
  )
  const look = async (times: number): Promise<string[]> => {
    for (let i = 0; i < times; i++) {
      introductions.look()
      await sleep(10)
    }
    return done
  }
  return { introductions, connection, done, look }
}

t.test('a peer that was identified is greeted once', async (t) => {
  const { introductions, connection, look } = bed({})
  introductions.identified(connection, true)
  introductions.identified(connection, true)
  await sleep(1)
  introductions.identified(connection, true)
  t.same(await look(10), ['hello'])
})

t.test('who was not identified in time is asked again, then greeted', async (t) => {
  let asked = 0
  const { look } = bed({ identify: async () => (++asked < 2 ? Promise.reject(new Error('timed out')) : true) })
  t.same(await look(10), ['identify', 'identify', 'hello'])
})

t.test('a hello that failed is said again', async (t) => {
  let said = 0
  const { introductions, connection, look } = bed({
    sayHello: async () => (++said < 3 ? Promise.reject(new Error('late')) : undefined),
  })
  introductions.identified(connection, true)
  t.same(await look(10), ['hello', 'hello', 'hello'])
})

t.test('connections that come to nothing are given up', async (t) => {
  const mute = bed({ identify: () => Promise.reject(new Error('timed out')) })
  t.same(await mute.look(10), ['identify', 'identify', 'identify', 'it does not tell what it speaks'])
  const deaf = bed({ sayHello: () => Promise.reject(new Error('late')) })
  deaf.introductions.identified(deaf.connection, true)
  t.same(await deaf.look(10), ['hello', 'hello', 'hello', 'it takes no hello'])
  const silent = bed({ isPeer: () => false })
  silent.introductions.identified(silent.connection, true)
  t.same(await silent.look(10), ['hello', 'it did not say hello'])
})

t.test('a peer that speaks no hello is left in peace', async (t) => {
  const { introductions, connection, look } = bed({ isPeer: () => false })
  introductions.identified(connection, false)
  t.same(await look(10), [])
})
