import { definePlugin } from 'vane-plugin-sdk'

import { greet } from './greet.ts'
import { stamp } from './stamp.ts'

export default definePlugin({
  name: 'hello-ts',
  version: '0.1.0',
  exports: {
    greet: { kind: 'l7-request', inspects: ['conn.peer_ip'], handle: greet },
    stamp: { kind: 'l7-response', handle: stamp },
  },
})
