import { script, type Write } from '../core/command.js'
import type { Key } from '../core/keys.js'
import type { Op } from '../handles/operation.js'
import { leaseRenew } from '../scripts.generated.js'

/** The command that extends a lease; its result is false when the lease has ended. */
export function leaseRenewal(op: Op, leases: Key, ticket: string, milliseconds: number): Write<boolean> {
  const request = script(leaseRenew, [leases], ticket, milliseconds)
  return op.writeCommand(request, renewed => renewed === 1, { idempotent: true })
}
