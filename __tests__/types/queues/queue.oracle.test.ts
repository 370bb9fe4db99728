import { describeOracle } from '../../support/describe-oracle.js'
import { queues } from './queue-oracle.js'

for (const type of queues) describeOracle(type)
