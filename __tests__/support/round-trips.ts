import type { TcpProxy } from './tcp-proxy.js'

/**
 * Counts round trips through a proxy, on all its connections together: one begins whenever something is sent after an
 * answer has come. Each call of the function it gives tells how many there were since the one before.
 */
export function countRoundTrips(proxy: TcpProxy): () => number {
  let trips = 0
  let answered = true
  proxy.onRequest = () => {
    if (answered) trips++
    answered = false
    return 'pass'
  }
  proxy.onReply = () => {
    answered = true
    return 'pass'
  }
  return () => {
    const counted = trips
    trips = 0
    answered = true
    return counted
  }
}
