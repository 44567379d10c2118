export * from './playwright.js'
