import type { Command, Runner } from './command.js'
import type { Pending } from './pending.js'
import type { Assignments } from './assignments.js'
import type { Connection } from './connection/connection.js'

/**
 * Where every command of a Hot passes. It decides what runs it: today that is always the shared connection; an open
 * transaction will be the other answer.
 */
export class Dispatcher implements Runner {
  constructor(
    private readonly connection: Connection,
    readonly assignments: Assignments
  ) {}

  run<Result>(command: Command<Result>): Pending<Result> {
    return this.connection.run(command)
  }
}
