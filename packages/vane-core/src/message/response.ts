import type { Body } from './body.ts'
import type { HeaderList } from './headers.ts'

/** A response on its way through the graph. Framing fields are the encoder's and are not in `headers`. */
export interface HttpResponse {
  /** 200–599: interim responses travel beside the walk. */
  status: number
  headers: HeaderList
  body: Body
}
