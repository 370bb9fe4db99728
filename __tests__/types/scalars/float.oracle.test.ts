import { describeNumber } from './describe-number.js'
import { float } from './float-oracle.js'

describeNumber(float)
