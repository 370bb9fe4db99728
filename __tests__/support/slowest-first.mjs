import Sequencer from '@jest/test-sequencer'

// Its types are those of its CommonJS twin, whose class is one step deeper.
const Base = /** @type {typeof Sequencer.default} */ (/** @type {unknown} */ (Sequencer))

/** What takes longest, the longest first: begun last, one of them would run alone at the end. */
const slowest = [
  'soak/',
  'guarantees/lock-sections',
  'waiting/lock-leases-lost',
  'types/coordination/leases',
  'types/collections/large-set-stream',
  'types/queues/queue.oracle',
  'waiting/lock-cluster',
  'waiting/lock-waiting-lost',
  'connection/clients-cluster',
  'execution/order',
  'waiting/queue-connections',
  'guarantees/',
  'types/scalars/int.oracle',
  'types/collections/large',
  'waiting/',
  'connection/'
]

/** @param {{ path: string }} test */
const place = ({ path }) => {
  const index = slowest.findIndex(name => path.replaceAll('\\', '/').includes(`__tests__/${name}`))
  return index === -1 ? slowest.length : index
}

export default class SlowestFirst extends Base {
  /**
   * @override
   * @param {Parameters<InstanceType<typeof Base>['sort']>[0]} tests
   */
  async sort(tests) {
    return [...(await super.sort(tests))].sort((one, other) => place(one) - place(other))
  }
}
