import { createHot } from '../../src/index.js'

// Assignments that fail, in a process that does nothing about it; it tells what warnings there were, and how it ended.

const [url, key] = process.argv.slice(2) as [string, string]
const hot = createHot({ url, prefix: 'app:' })

const warnings: { name: string; message: string }[] = []
process.on('warning', ({ name, message }) => warnings.push({ name, message }))
process.on('unhandledRejection', reason => process.send?.({ crashed: String(reason) }))

const list = hot.list<string>(key)
list[7] = 'x'
delete hot.dict<{ name: string }>(key).name
list.length = 0
await list.exists()
// Warnings are told at the next turn of the event loop; flush() was not called.
await new Promise(resolve => setTimeout(resolve, 50))
process.send?.({ warnings })
const failure = await hot.close().catch((error: unknown) => error)
process.send?.({ closed: failure instanceof Error ? failure.message : 'nothing' })
