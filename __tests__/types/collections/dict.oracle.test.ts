import { dictOf } from './dict-commands.js'
import { describeOracle } from '../../support/oracle.js'

describeOracle(dictOf('Dict', { handle: (hot, key) => hot.dict(key) }))
