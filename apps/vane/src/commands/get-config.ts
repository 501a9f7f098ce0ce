import { toCommand, type Command } from './command.ts'

/** `vane get config`. */
export const getConfigCommand: Command = toCommand({
  name: 'get config',
  verb: 'get_config',
  summary: 'the configuration that is being served',
  show: (config) => [
    {
      kind: 'fields',
      fields: [
        ['directory', config.dir],
        ['version', config.version_hash],
        ['files', config.source_files.join(', ')],
      ],
    },
    {
      kind: 'table',
      empty: 'no listeners',
      columns: ['LISTENER', 'KIND', 'RULES, IN MATCHING ORDER'],
      rows: config.listeners.map(({ key, kind, rules }) => [key, kind, rules.join(', ')]),
    },
  ],
})
