import { dictOf } from './dict-commands.js'
import { describeOracle } from '../../support/describe-oracle.js'

describeOracle(dictOf('Dict', { handle: (hot, key) => hot.dict(key) }))
