// Runs before each test file: its worker's servers, in the variables that tests and the processes they start read.

const response = await fetch(`${process.env.HOT_TEST_SERVERS}/${process.env.JEST_WORKER_ID}/${process.pid}`, {
  headers: { connection: 'close' }
})
if (!response.ok) throw new Error(`the servers of this worker did not start: ${await response.text()}`)
Object.assign(process.env, await response.json())
