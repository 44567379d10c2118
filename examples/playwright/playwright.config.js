import { defineConfig } from '@playwright/test'

// Each worker starts a Tombstone of its own, which is ready in milliseconds; `TOMBSTONE` is the path of the program where it
// is not the package's. For one that all share: globalSetup: 'tombstone-sandbox/global-setup', resolved.
export default defineConfig({
  testDir: '.',
  outputDir: process.env.PLAYWRIGHT_OUTPUT ?? 'test-results',
  fullyParallel: true,
  workers: 4,
  reporter: 'list',
  use: {
    launchOptions: {
      executablePath: process.env.CHROMIUM, // Playwright's own unless given
      args: process.env.CHROMIUM ? ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update', '--disable-sync'] : [],
    },
  },
})
