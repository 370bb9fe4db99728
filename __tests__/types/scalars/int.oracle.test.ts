import { describeNumber } from './describe-number.js'
import { int } from './int-oracle.js'

describeNumber(int)
