import type { FeatureContext, OpenFeature } from '../features.ts'

/** Opens the running of CGI programs. */
export async function open({ settings, logger }: FeatureContext): Promise<OpenFeature> {
  const { createCgiRuntime } = await import('vane-engine')
  return {
    cgi: createCgiRuntime({ logger, maxConcurrent: settings.cgiMaxConcurrent }),
    // Programs end with their requests, and those with the engine.
    close: async () => {},
  }
}
