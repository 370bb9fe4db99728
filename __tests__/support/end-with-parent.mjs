// Loaded first by a process that a test starts: it does not outlive the test's own process, which a signal may have ended.

const parent = process.ppid
setInterval(() => {
  if (process.ppid !== parent) process.exit(1)
}, 500).unref()
