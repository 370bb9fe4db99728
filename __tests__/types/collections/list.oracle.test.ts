import { describeOracle } from '../../support/describe-oracle.js'
import { lists } from './list-oracle.js'

for (const type of lists) describeOracle(type)
