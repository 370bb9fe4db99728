import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

/** Bytes in use on the heap, garbage collected. */
export function heapUsed(): number {
  collectGarbage()
  return process.memoryUsage().heapUsed
}
