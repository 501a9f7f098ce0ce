import { defineConfig, type ViteUserConfig } from 'vitest/config'

/** Shared by every package: tests resolve workspace packages to their sources, so no build is needed to run one. */
const base: ViteUserConfig = defineConfig({
  resolve: { conditions: ['vane-source', 'node'] },
  ssr: { resolve: { conditions: ['vane-source', 'node'] } },
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    // For what hangs, not for what is slow: property tests take minutes on a machine with other things to do.
    testTimeout: 120_000,
    hookTimeout: 60_000,
    reporters: ['default'],
  },
})

export default base
