'use strict'
// For `globalSetup` of Vitest, Jest and Playwright: serves what tombstone.yaml and the environment say.

module.exports = require('./index.js').globalSetup()
