// A to-do list that several programs share. Run it twice at once: both see one list.
// REDIS_URL says where Redis is; redis://127.0.0.1:6379 if it is not set.

import { createHot } from 'hot-redis'

interface Task {
  readonly title: string
  readonly done: boolean
}

await using hot = createHot({ prefix: 'example:' })
const todo = hot.list<Task>('todo')

await todo.push({ title: 'write the report', done: false }, { title: 'feed the cat', done: false })
await todo.unshift({ title: 'get up', done: true })

console.log(await todo.length, 'tasks; the last is', await todo[-1])

// Equal values are found in Redis, whatever the order of their properties.
const at = await todo.indexOf({ done: false, title: 'feed the cat' })
await todo.set(at, { title: 'feed the cat', done: true })

for await (const [index, task] of todo.entries()) console.log(`${index + 1}. [${task.done ? 'x' : ' '}] ${task.title}`)

// Taking one is atomic: of two programs that do this at the same moment, each gets another task.
console.log('taken:', await todo.shift())

await todo.clear()
