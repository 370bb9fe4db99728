import type { OracleType } from '../support/oracle.js'
import { defaultDicts, dict } from './collections/dict-oracle.js'
import { lists } from './collections/list-oracle.js'
import { multiSet } from './collections/multi-set-oracle.js'
import { sets } from './collections/set-oracle.js'
import { queues } from './queues/queue-oracle.js'
import { float } from './scalars/float-oracle.js'
import { int } from './scalars/int-oracle.js'
import { immutableStrings, strings } from './scalars/string-oracle.js'

/** Makes something of the row of each type; each has handles and native values of its own. */
export function ofAllTypes<Made>(make: <Handle, Native>(type: OracleType<Handle, Native>) => Made): Made[] {
  return [
    ...lists.map(type => make(type)),
    make(dict),
    ...defaultDicts.map(type => make(type)),
    ...sets.map(type => make(type)),
    make(multiSet),
    ...strings.map(type => make(type)),
    ...immutableStrings.map(type => make(type)),
    make(int.oracle),
    make(float.oracle),
    ...queues.map(type => make(type))
  ]
}
