// Sets, counts, text and numbers: each method is one step inside Redis, so that any number of programs can share them.

import { createHot } from 'hot-redis'

await using hot = createHot({ prefix: 'example:' })

// Set algebra between handles is done in Redis; the hash tag {tags} keeps both in one slot of a cluster.
const ours = hot.set<string>('{tags}:ours', { initial: ['red', 'green', 'blue'] })
const theirs = hot.set<string>('{tags}:theirs', { initial: ['blue', 'black'] })
console.log('both have', await ours.intersection(theirs), 'and only we have', await ours.difference(theirs))
await ours.update(theirs, ['white']) // in place
console.log('now we have', await ours.size, 'and all of theirs:', await ours.isSupersetOf(theirs))

// Words are counted where they are kept; what is missing counts 0.
const words = hot.multiSet('words', { initial: [] })
for (const line of ['the cat and the dog', 'the bird and the cat']) await words.update(line.split(' '))
console.log(await words.mostCommon(2), 'of', await words.total(), 'words; fish:', await words.get('fish'))

// The methods of a string change what is stored, and return nothing: read it when you want it.
const title = hot.string('title', { initial: 'hot redis' })
await title.toUpperCase()
await title.replace('REDIS', 'Redis')
title[0] = 'h'
await title.append('!')
console.log(await title.value, 'has', await title.length, 'code units')

// Of all programs that try this at the same moment, one gets true.
const leader = hot.int('leader', { initial: 0 })
console.log(await Promise.all([leader.compareAndSet(0, 1), leader.compareAndSet(0, 2)]), 'so it is', await leader.value)

// What changes a number returns the new one. An Int is exact; a Float calculates as JavaScript does.
const flags = hot.int('flags', { initial: 0b0101 })
console.log(await flags.or(0b0010), await flags.shiftLeft(2))
const price = hot.float('price', { initial: 9.5 })
console.log(await price.multiply(1.19), await price.increment(0.1))

await Promise.all([ours, theirs, words, title, leader, flags, price].map(handle => handle.clear()))
