// The same for `import`.
import helper from './playwright.js'

export const { expect, test } = helper
