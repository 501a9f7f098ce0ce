;; Answers 403 to every request with the header x-blocked, written by hand against the canonical ABI.
(module
  (memory (export "memory") 1)

  ;; Everything below $heap_base is constant. What the host writes into the memory it asks cabi_realloc for, and what a call
  ;; answers with, lies above, and is gone when the host has read the answer.
  (global $heap_base i32 (i32.const 512))
  (global $heap (mut i32) (i32.const 512))

  (data (i32.const 16) "block-wat")
  (data (i32.const 32) "0.1.0")
  (data (i32.const 48) "block")
  (data (i32.const 64) "x-blocked")
  (data (i32.const 80) "blocked\n")
  (data (i32.const 96) "content-type")
  (data (i32.const 112) "text/plain")

  ;; list<middleware-export> of one record, 24 bytes: name, kind, stateless, needs-body, inspects, needs-streaming-body.
  (data (i32.const 128)
    "\30\00\00\00" "\05\00\00\00"   ;; name: 5 bytes at 48
    "\02\01\00\00"                  ;; kind l7-request, stateless, no body; one byte of padding
    "\00\00\00\00" "\00\00\00\00"   ;; inspects: nothing
    "\00\00\00\00")                 ;; needs-streaming-body; three bytes of padding

  ;; metadata, 32 bytes: name, version, abi-version, exports.
  (data (i32.const 160)
    "\10\00\00\00" "\09\00\00\00"
    "\20\00\00\00" "\05\00\00\00"
    "\20\00\00\00" "\05\00\00\00"
    "\80\00\00\00" "\01\00\00\00")

  ;; list<header> of one record, 16 bytes: name, value.
  (data (i32.const 192)
    "\60\00\00\00" "\0c\00\00\00"
    "\70\00\00\00" "\0a\00\00\00")

  ;; result<l7-request-decision, plugin-error>, 32 bytes, twice: ok(continue) and ok(short).
  (data (i32.const 224) "\00\00\00\00" "\00\00\00\00")
  (data (i32.const 256)
    "\00\00\00\00"                  ;; ok
    "\01\00\00\00"                  ;; short
    "\93\01\00\00"                  ;; status 403; two bytes of padding
    "\c0\00\00\00" "\01\00\00\00"   ;; headers: 1 at 192
    "\50\00\00\00" "\08\00\00\00")  ;; body: 8 bytes at 80

  ;; The host asks for room for what it hands over; nothing is ever given back, the heap just starts over after each call.
  (func (export "cabi_realloc") (param $old i32) (param $old_size i32) (param $align i32) (param $size i32) (result i32)
    (local $at i32) (local $end i32)
    (local.set $at (i32.and
      (i32.add (global.get $heap) (i32.sub (local.get $align) (i32.const 1)))
      (i32.sub (i32.const 0) (local.get $align))))
    (local.set $end (i32.add (local.get $at) (local.get $size)))
    (if (i32.lt_u (local.get $end) (local.get $at)) (then (unreachable)))
    (if (i32.gt_u (local.get $end) (i32.shl (memory.size) (i32.const 16)))
      (then
        (if (i32.eq (i32.const -1) (memory.grow (i32.shr_u
              (i32.add (i32.sub (local.get $end) (i32.shl (memory.size) (i32.const 16))) (i32.const 65535))
              (i32.const 16))))
          (then (unreachable)))))
    (global.set $heap (local.get $end))
    (local.get $at))

  (func (export "vane:plugin/registry@0.1.0#get-metadata") (result i32)
    (i32.const 160))

  (func (export "vane:plugin/handler-l7-request@0.1.0#handle")
    (param $name i32) (param $name_len i32)
    (param $method i32) (param $method_len i32)
    (param $uri i32) (param $uri_len i32)
    (param $headers i32) (param $headers_len i32)
    (param $body_some i32) (param $body i32) (param $body_len i32) (param $truncated i32)
    (param $context i32) (param $context_len i32)
    (result i32)
    (block $end (loop $next
      (br_if $end (i32.eqz (local.get $headers_len)))
      (if (call $is_x_blocked (i32.load (local.get $headers)) (i32.load offset=4 (local.get $headers)))
        (then (return (i32.const 256))))
      (local.set $headers (i32.add (local.get $headers) (i32.const 16)))
      (local.set $headers_len (i32.sub (local.get $headers_len) (i32.const 1)))
      (br $next)))
    (i32.const 224))

  ;; Called when the host has read the answer.
  (func (export "cabi_post_vane:plugin/handler-l7-request@0.1.0#handle") (param i32)
    (global.set $heap (global.get $heap_base)))

  ;; The host gives names in lower case, so bytes are enough.
  (func $is_x_blocked (param $name i32) (param $len i32) (result i32)
    (if (i32.ne (local.get $len) (i32.const 9)) (then (return (i32.const 0))))
    (i32.and
      (i64.eq (i64.load align=1 (local.get $name)) (i64.load (i32.const 64)))
      (i32.eq (i32.load8_u offset=8 (local.get $name)) (i32.load8_u offset=8 (i32.const 64))))))
