import { describeOracle } from '../../support/describe-oracle.js'
import { defaultDicts } from './dict-oracle.js'

for (const type of defaultDicts) describeOracle(type)
