// Changes one string or number together with other processes, then tells what it did.

import { createHot } from '../../src/index.js'

const [name = '', url = '', key = '', number = '', times = ''] = process.argv.slice(2)
const hot = createHot({ url })
const string = hot.string(key)
const int = hot.int(key)
const float = hot.float(key)
const rounds = Number(times)

const jobs: Readonly<Record<string, () => Promise<unknown>>> = {
  /** Puts tokens behind and in front, while others change the case and replace what stands between them. */
  edits: async () => {
    const tokens: string[] = []
    for (let round = 0; round < rounds; round++) {
      const token = (side: string) => {
        tokens.push(`${number}${side}${round}`)
        return `<${number}${side}${round}>`
      }
      await Promise.all([
        string.append(token('a')),
        string.toUpperCase(),
        string.prepend(token('p')),
        string.replaceAll('><', '>é<'),
        string.splice(0, 0, token('s')),
        string.toLowerCase(),
        string.replaceAll(/>é+</g, '><')
      ])
    }
    return tokens
  },

  /** Adds 1, if nobody was quicker, until it has done so often enough; tells what it set. */
  compares: async () => {
    const set: number[] = []
    while (set.length < rounds) {
      const seen = await int.value
      if (await int.compareAndSet(seen, seen + 1)) set.push(seen + 1)
    }
    return set
  },

  /** Takes what others have put there, and gives the next. */
  exchanges: async () => {
    const taken: number[] = []
    for (let round = 0; round < rounds; round++) taken.push(await int.getAndSet(Number(number) * rounds + round + 1))
    return taken
  },

  /** A power is computed in the process: one that another has set in between must not be lost. */
  powers: async () => {
    for (let round = 0; round < rounds; round++) await float.power(1.001)
    return rounds
  }
}

await new Promise<void>(resolve => {
  process.once('message', () => resolve())
  process.send?.('ready')
})
process.send?.(await jobs[name]!())
process.disconnect()
await hot.close()
