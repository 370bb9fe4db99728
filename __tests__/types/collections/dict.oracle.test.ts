import { describeOracle } from '../../support/describe-oracle.js'
import { dict } from './dict-oracle.js'

describeOracle(dict)
