import { isReplyError, type ClientConnection } from '../clients/port.js'
import { PROBES } from '../execution/fuse.js'

/** The error reply to a command that the user may not send, whatever its keys. */
const mayNotRun = /^NOPERM .*\brun the\b/

/** Which of the commands that calls are fused into the user of a connection may send. */
export class FusionRights {
  readonly #forbidden = new Set<string>()

  constructor(
    private readonly connection: ClientConnection,
    private readonly fusion: boolean
  ) {}

  readonly mayFuse = (command: string): boolean => this.fusion && !this.#forbidden.has(command)

  /** Asks Redis, which tells by its reply to a call that changes nothing. */
  readonly learn = async (): Promise<void> => {
    if (this.fusion) await Promise.all([...PROBES].map(async ([command, words]) => this.#probe(command, words)))
  }

  async #probe(command: string, words: readonly string[]): Promise<void> {
    this.#forbidden.delete(command)
    try {
      await this.connection.send(words)
    } catch (error) {
      if (!isReplyError(error)) throw error
      if (mayNotRun.test(error.message)) this.#forbidden.add(command)
    }
  }
}
