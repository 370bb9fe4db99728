import { command } from '../../core/command.js'
import type { HandleContext } from '../../handles/operation.js'
import { START, nextPage, paged, type Cursor, type Page } from '../../core/paging.js'
import { Recent } from '../../core/recent.js'

/**
 * The entries of a hash or set, read in pages during the loop. An entry has `width` texts; the first one identifies it. What
 * exists during the whole loop comes once; repeats are recognised among the last 100,000.
 */
export function scan<T>(
  context: HandleContext,
  name: 'HSCAN' | 'SSCAN',
  width: 1 | 2,
  open: () => (texts: readonly string[], at: number) => T
): AsyncGenerator<T, void, undefined> {
  return paged(() => {
    const seen = new Recent()
    const fetch = async (cursor: Cursor, size: number): Promise<Page<Cursor>> => {
      const page = await readPage(context, name, cursor, size)
      return { ...page, items: newOnes(page.items, width, seen) }
    }
    return { start: START, fetch, width, item: open() }
  })
}

function newOnes(items: readonly string[], width: number, seen: Recent): readonly string[] {
  const found: string[] = []
  for (let at = 0; at < items.length; at += width) {
    if (!seen.isNew(items[at] as string)) continue
    for (let part = at; part < at + width; part++) found.push(items[part] as string)
  }
  return found
}

function readPage(context: HandleContext, name: string, cursor: Cursor, size: number): Promise<Page<Cursor>> {
  return context.dispatcher.run<Page<Cursor>>({
    kind: 'read',
    info: context.op('entries'),
    requests: [command(name, context.key, cursor.at, 'COUNT', size)],
    decode: ([reply], epoch) => nextPage(cursor, reply, epoch)
  })
}
