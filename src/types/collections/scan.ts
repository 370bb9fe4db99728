import { command } from '../../core/command.js'
import type { HandleContext } from '../../handles/operation.js'
import { START, nextPage, pages, type Cursor, type Page } from '../../core/paging.js'
import { Recent } from '../../core/recent.js'

/**
 * The entries of a hash or set, read in pages during the loop. An entry has `width` texts; the first one identifies it. What
 * exists during the whole loop comes once; repeats are recognised among the last 100,000.
 */
export async function* scan(
  context: HandleContext,
  name: 'HSCAN' | 'SSCAN',
  width: 1 | 2
): AsyncGenerator<readonly string[], void, undefined> {
  const seen = new Recent()
  for await (const { items } of pages(START, (cursor, size) => readPage(context, name, cursor, size))) {
    for (let i = 0; i < items.length; i += width) {
      const entry = items.slice(i, i + width)
      if (seen.isNew(entry[0] as string)) yield entry
    }
  }
}

function readPage(context: HandleContext, name: string, cursor: Cursor, size: number): Promise<Page<Cursor>> {
  return context.dispatcher.run<Page<Cursor>>({
    kind: 'read',
    info: context.op('entries'),
    requests: [command(name, context.key, cursor.at, 'COUNT', size)],
    decode: ([reply], epoch) => nextPage(cursor, reply, epoch)
  })
}
