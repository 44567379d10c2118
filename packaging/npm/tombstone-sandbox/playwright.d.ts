import type { PlaywrightTestArgs, PlaywrightTestOptions, PlaywrightWorkerArgs, PlaywrightWorkerOptions, TestType } from '@playwright/test'

import type { Sandbox, SandboxSpec, Server, StartOptions } from './index'

export { expect } from '@playwright/test'

export interface TombstoneTestArgs {
  /** How the sandboxes of tests begin. */
  sandboxSpec: SandboxSpec
  /** One for each test; the journal is attached to a test that fails. */
  sandbox: Sandbox
}

export interface TombstoneWorkerArgs {
  /** How the server of a worker is started, where there is none for all. */
  tombstoneOptions: StartOptions
  /** The server of `TOMBSTONE_URL`, else one of this worker. */
  tombstone: Server
}

export const test: TestType<
  PlaywrightTestArgs & PlaywrightTestOptions & TombstoneTestArgs,
  PlaywrightWorkerArgs & PlaywrightWorkerOptions & TombstoneWorkerArgs
>
