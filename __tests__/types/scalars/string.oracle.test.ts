import { describeOracle } from '../../support/describe-oracle.js'
import { immutableStrings, strings } from './string-oracle.js'

for (const type of strings) describeOracle(type)
for (const type of immutableStrings) describeOracle(type)
