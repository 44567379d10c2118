declare const setup: () => Promise<() => Promise<void>>
export = setup
