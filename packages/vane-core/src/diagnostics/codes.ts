/** Every code a diagnostic can carry, with what it means. Codes are stable: they are documented and matched by tools. */
export const DIAGNOSTIC_CODES = {
  // Reading
  'missing-directory': 'a directory the configuration needs does not exist',
  'no-rules': 'the configuration holds no rule',
  'unreadable-file': 'a file cannot be read, or is no regular file',
  'file-too-large': 'a file exceeds the size limit',
  'too-many-files': 'there are more rule files than the limit',
  'invalid-utf8': 'a file or a string in it is not well-formed Unicode',
  'byte-order-mark': 'a file begins with a byte order mark',
  // JSON
  'syntax-error': 'the text is not JSON',
  'nesting-too-deep': 'objects and lists are nested deeper than the limit',
  'too-many-values': 'a file holds more values than the limit',
  'duplicate-key': 'an object names a key twice',
  'forbidden-key': 'a key that no object may have',
  'too-many-problems': 'the rest of a file’s problems is not shown',
  // Shape
  'wrong-type': 'a value has another JSON type than expected',
  'missing-key': 'a required key is absent',
  'unknown-key': 'a key means nothing here',
  'unknown-value': 'a value is none of those that exist',
  'empty-list': 'a list needs at least one item',
  'out-of-range': 'a number, length or duration is outside its limits',
  'not-supported-yet': 'the language has it, this version does not run it',
  // Rules
  'invalid-name': 'a rule name is empty, too long or has control characters',
  'invalid-listen': 'a listen address cannot be understood',
  'invalid-duration': 'a duration cannot be understood',
  'invalid-upstream': 'an upstream address cannot be understood',
  'invalid-host': 'a host cannot be understood',
  'invalid-network': 'a network cannot be understood',
  'invalid-header': 'a header name or value cannot be sent',
  'framing-header': 'a header belongs to the transport and cannot be set',
  'body-not-allowed': 'a response with this status has no body',
  'unknown-template': 'a template names a variable that does not exist',
  'invalid-use': 'a middleware reference has no understandable form',
  'unknown-terminator': 'a terminate type does not exist',
  'unknown-preset': 'a preset does not exist',
  // Predicates
  'invalid-predicate': 'a predicate does not have exactly one key',
  'unknown-field': 'a predicate names a field that does not exist',
  'unknown-operator': 'a predicate names an operator that does not exist',
  'operator-mismatch': 'an operator does not apply to the field',
  'invalid-operand': 'an operand does not fit the field',
  'upper-case-literal': 'a literal is compared with a value that is always lower case',
  // Whole configuration
  'duplicate-rule': 'two rules have the same name',
  'listen-overlap': 'two listeners cannot be bound at once',
  'unknown-middleware': 'a middleware does not exist',
  'misplaced-middleware': 'a middleware cannot run where it stands',
  'plugin-unavailable': 'plugins are switched off or not installed',
  'unknown-plugin': 'there is no such plugin file',
  'unknown-export': 'a plugin has no such export',
  'plugin-refused': 'a plugin was refused at load',
  'invalid-graph': 'the compiled graph breaks a rule of its own',
  // Policies and limits of plugins
  'invalid-stem': 'a key that can be the name of no plugin',
  // Settings
  'unknown-variable': 'a VANE_ variable means nothing',
  'invalid-variable': 'a VANE_ variable has an impossible value',
  'below-floor': 'a security limit is set below its floor',
} as const

/** A stable diagnostic code. */
export type DiagnosticCode = keyof typeof DIAGNOSTIC_CODES
