// The same for `import`.
import helper from './index.js'

export const { AdminError, Sandbox, Server, VerificationError, connect, globalSetup, program, sandbox, start } = helper
