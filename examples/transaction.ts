// Moving money: what was read must still hold when it is written, or it is done over.

import { createHot, type Hot } from 'hot-redis'

await using hot = createHot({ prefix: 'example:' })

// On a cluster the keys of a transaction share a hash tag, hence {bank}.
const account = (hot: Hot, name: string) => hot.dict<{ balance: number }>(`{bank}:${name}`)

async function transfer(from: string, to: string, amount: number): Promise<boolean> {
  return hot.transaction(async () => {
    const payer = account(hot, from)
    const payee = account(hot, to)
    // Reads first: both are watched from here on.
    const [has = 0, had = 0] = await Promise.all([payer.balance, payee.balance])
    if (has < amount) return false
    // Writes are queued, and sent together when this function ends.
    payer.balance = has - amount
    payee.balance = had + amount
    return true
  })
}

await Promise.all([account(hot, 'ann').set('balance', 100), account(hot, 'bob').set('balance', 0)])

// Thirty transfers of 10 at once, but there is money for ten only.
const done = await Promise.all(Array.from({ length: 30 }, () => transfer('ann', 'bob', 10)))
console.log(done.filter(Boolean).length, 'transfers were made')
console.log('ann has', await account(hot, 'ann').balance, 'and bob has', await account(hot, 'bob').balance)

await Promise.all([account(hot, 'ann').clear(), account(hot, 'bob').clear()])
