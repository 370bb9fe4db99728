/** Counts the connections made since, by what CLIENT LIST says of all servers. */
export async function countingNew(lists: () => readonly Promise<unknown>[]): Promise<() => Promise<number>> {
  const listed = async () => {
    const texts = await Promise.all(lists())
    return texts.flatMap((text, server) => [...String(text).matchAll(/\bid=(\d+)/g)].map(([, id]) => `${server}:${id}`))
  }
  const before = new Set(await listed())
  return async () => (await listed()).filter(connection => !before.has(connection)).length
}
