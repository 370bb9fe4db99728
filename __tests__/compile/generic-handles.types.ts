import type {
  HotDict,
  HotFloat,
  HotHandle,
  HotImmutableString,
  HotInt,
  HotLifoSetQueue,
  HotList,
  HotLock,
  HotMultiSet,
  HotQueue,
  HotSet,
  HotSetQueue,
  HotString
} from 'hot-redis'
import { expectType } from './equal.js'

// Nothing here runs: it compiles, and where it says @ts-expect-error it would not compile without that.

export async function aFieldOfAConstrainedRecordIsReached<T extends { name: string }>(dict: HotDict<T>) {
  await dict.get('name')
  await dict.has('name')
  await dict.delete('name')
  await dict.pop('name')
  // @ts-expect-error no such field is promised
  await dict.get('age')
}

export function aFieldNameOfAnyRecordIsPassedOn<T extends object, K extends keyof T & string>(
  dict: HotDict<T>,
  name: K
) {
  return dict.get(name)
}

declare const handles: {
  list: HotList<string>
  dict: HotDict<{ name: string }>
  record: HotDict<Record<string, number>>
  set: HotSet<number>
  multiSet: HotMultiSet
  string: HotString
  immutable: HotImmutableString
  int: HotInt
  float: HotFloat
  queue: HotQueue<string>
  setQueue: HotSetQueue<string>
  lock: HotLock
}

export async function everyHandleIsAHotHandle() {
  const all: readonly HotHandle[] = Object.values(handles)
  for (const handle of all) expectType<number | undefined>()(await handle.ttl())
  const texts: HotHandle<string> = handles.string
  expectType<string>()(await texts.toJS())
  // @ts-expect-error a list stands for an array
  const wrong: HotHandle<string> = handles.list
  return wrong
}

export function anyKindOfQueueCanBeTaken(unique: HotSetQueue<string>, recent: HotLifoSetQueue<string>) {
  const work = (queue: HotQueue<string, string, unknown>) => queue.get()
  void work(unique)
  void work(recent)
  void work(handles.queue)
  // @ts-expect-error its put() resolves with whether the item was new
  const plain: HotQueue<string> = unique
  return plain
}
