/** A test on a connection or request: one comparison, or a combination of tests. The form it has after parsing. */
export type Predicate =
  | FieldPredicate
  | { readonly op: 'any_of'; readonly of: readonly Predicate[] }
  | { readonly op: 'all_of'; readonly of: readonly Predicate[] }
  | { readonly op: 'not'; readonly of: Predicate }

/** One comparison of one field. A field that is absent misses, whatever the operator. */
export interface FieldPredicate {
  readonly op: PredicateOperator
  /** Field path, such as `http.header.accept`; `FIELDS` lists them. */
  readonly field: string
  /**
   * Operand in canonical form: `in` and `not_in` carry a list without repeats, the rest one value. Addresses are in their
   * RFC 5952 form, networks have their host bits cleared, `http.host` and `tls.sni` literals are lower case. Bytes are a
   * string with one character (U+0000 to U+00FF) for each byte, as `Buffer`'s `latin1` has them, so that comparing texts
   * compares bytes.
   */
  readonly value: PredicateValue
}

/** Comparisons; `OPERATORS` says which field types each takes. */
export type PredicateOperator =
  | 'equals'
  | 'not_equals'
  | 'in'
  | 'not_in'
  | 'prefix'
  | 'suffix'
  | 'contains'
  | 'not_contains'
  | 'path_prefix'
  | 'matches'
  | 'gt'
  | 'gte'
  | 'lt'
  | 'lte'
  | 'cidr'

/** Operand of a comparison. */
export type PredicateValue = string | number | boolean | readonly (string | number)[]

/** How deep a predicate must look: a rule's level is its deepest field's. */
export type InspectionLevel = 'l4' | 'l4-peek' | 'l7-header' | 'l7-body'

/** From shallow to deep. */
export const INSPECTION_LEVELS: readonly InspectionLevel[] = ['l4', 'l4-peek', 'l7-header', 'l7-body']
