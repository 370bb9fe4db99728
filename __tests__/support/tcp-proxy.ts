import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

/** Decides over a chunk on its way: it may pass, or the connection is cut and the chunk never arrives. */
type Judge = (chunk: string) => 'pass' | 'cut'

interface Pair {
  readonly client: Socket
  readonly server: Socket
  mute: Way | undefined
}

/** Which way bytes go. */
type Way = 'to-server' | 'to-client'

/** Stands between a client and a server, writes down what passes, and cuts connections at chosen moments. */
export class TcpProxy {
  /** How many connections were made so far. */
  connections = 0
  /** All that clients have sent, also what a cut kept from arriving. */
  requests = ''
  /** Milliseconds that each chunk takes on its way. */
  delay = 0
  onRequest: Judge = () => 'pass'
  onReply: Judge = () => 'pass'

  #held: (() => void)[] | undefined
  #muteLater: Way | undefined
  readonly #pairs = new Set<Pair>()

  private constructor(
    /** Where new connections lead to. */
    public serverPort: number,
    private readonly listener = createServer(client => this.#accept(client))
  ) {}

  static async to(serverPort: number): Promise<TcpProxy> {
    const proxy = new TcpProxy(serverPort)
    proxy.listener.listen(0, '127.0.0.1')
    await once(proxy.listener, 'listening')
    return proxy
  }

  get port(): number {
    return (this.listener.address() as AddressInfo).port
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`
  }

  /** How many connections are open now. */
  get open(): number {
    return this.#pairs.size
  }

  /** How often a text occurs in what clients have sent. */
  sent(text: string): number {
    return this.requests.split(text).length - 1
  }

  /** Keeps all replies back until release(). */
  holdReplies(): void {
    this.#held ??= []
  }

  /** How many replies are kept back. */
  get kept(): number {
    return this.#held?.length ?? 0
  }

  /** Lets the first reply pass that is kept back. */
  releaseFirst(): void {
    this.#held?.shift()?.()
  }

  release(): void {
    const held = this.#held ?? []
    this.#held = undefined
    for (const deliver of held) deliver()
  }

  /** Drops what goes one way on the open connections but for the first `except`, which stay open; on `later` ones, too. */
  mute(way: Way, { later = false, except = 0 } = {}): void {
    for (const pair of [...this.#pairs].slice(except)) pair.mute = way
    if (later) this.#muteLater = way
  }

  /** Cuts every connection at once; what was kept back is lost. */
  cut(): void {
    this.#held &&= []
    for (const pair of this.#pairs) this.#cut(pair)
  }

  async stop(): Promise<void> {
    this.cut()
    await new Promise(resolve => this.listener.close(resolve))
  }

  #accept(client: Socket): void {
    this.connections++
    const server = connect(this.serverPort, '127.0.0.1')
    const pair: Pair = { client, server, mute: this.#muteLater }
    this.#pairs.add(pair)
    client.setNoDelay(true)
    server.setNoDelay(true)

    client.on('data', chunk => {
      const text = chunk.toString()
      this.requests += text
      if (this.onRequest(text) === 'cut') this.#cut(pair)
      else if (pair.mute !== 'to-server') this.#carry(() => server.write(chunk))
    })
    server.on('data', chunk => {
      if (pair.mute === 'to-client') return
      if (this.onReply(chunk.toString()) === 'cut') return this.#cut(pair)
      const deliver = () => {
        if (!client.destroyed) client.write(chunk)
      }
      if (this.#held) this.#held.push(deliver)
      else this.#carry(deliver)
    })
    for (const socket of [client, server]) {
      socket.on('error', () => undefined)
      socket.on('close', () => this.#cut(pair))
    }
  }

  #carry(deliver: () => unknown): void {
    if (this.delay > 0) setTimeout(deliver, this.delay)
    else deliver()
  }

  #cut(pair: Pair): void {
    this.#pairs.delete(pair)
    pair.client.destroy()
    pair.server.destroy()
  }
}
