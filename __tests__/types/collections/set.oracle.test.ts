import { describeOracle } from '../../support/describe-oracle.js'
import { sets } from './set-oracle.js'

for (const type of sets) describeOracle(type)
