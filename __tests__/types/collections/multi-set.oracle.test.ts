import { describeOracle } from '../../support/describe-oracle.js'
import { multiSet } from './multi-set-oracle.js'

describeOracle(multiSet)
