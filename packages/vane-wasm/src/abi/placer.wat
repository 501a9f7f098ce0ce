;; Places staged values in a guest: `src/abi/placer.ts` holds this module as bytes, its test that they are these.
;;
;; A staged value is a head of ten words and, where there are any, bytes: size, alignment (0: placed already), length,
;; address of the pair that points at it, kind (0: bytes that the host copies itself, 1: bytes behind the head, 2: the next
;; ones of the text, 3: pairs of pointers and lengths behind the head, for each of which the next ones of the text are), where it was placed, address of the next head, and room for a pair and one word more.
(module
  (import "m" "r" (func $realloc (param i32 i32 i32 i32) (result i32)))
  (import "m" "g" (memory $guest 0))
  (import "m" "s" (memory $stage 0))
  ;; The guest's map of what was written to since it was last put back (`src/instrument/reset-code.ts`).
  (import "m" "d" (memory $map 0))
  ;; Answers the address of a head for which `realloc` answered something that cannot be, or 0.
  (func (export "p") (param $at i32) (param $end i32) (param $text i32) (result i32)
    (local $head i32) (local $pointer i32) (local $size i32) (local $align i32) (local $pair i32) (local $pairs i32)
    (local $run i32) (local $run_size i32)
    (local.set $head (local.get $at))
    (block $placed (loop $next
      (br_if $placed (i32.ge_u (local.get $head) (local.get $end)))
      (local.set $size (i32.load $stage (local.get $head)))
      (if (local.tee $align (i32.load $stage offset=4 (local.get $head)))
        (then
          (local.set $pointer (call $realloc (i32.const 0) (i32.const 0) (local.get $align) (local.get $size)))
          (i32.store $stage offset=20 (local.get $head) (local.get $pointer))
          (if (i32.and (local.get $pointer) (i32.sub (local.get $align) (i32.const 1)))
            (then (return (local.get $head))))
          (if (i64.gt_u
                (i64.add (i64.extend_i32_u (local.get $pointer)) (i64.extend_i32_u (local.get $size)))
                (i64.shl (i64.extend_i32_u (memory.size $guest)) (i64.const 16)))
            (then (return (local.get $head))))
          (i32.store $stage (i32.load $stage offset=12 (local.get $head)) (local.get $pointer))
          (i32.store $stage offset=4 (i32.load $stage offset=12 (local.get $head))
            (i32.load $stage offset=8 (local.get $head)))
          (if (i32.eq (i32.load $stage offset=16 (local.get $head)) (i32.const 3))
            (then
              (local.set $pair (i32.add (local.get $head) (i32.const 40)))
              (local.set $pairs (i32.add (local.get $pair) (local.get $size)))
              (block $listed (loop $more
                (br_if $listed (i32.ge_u (local.get $pair) (local.get $pairs)))
                (local.set $size (i32.load $stage offset=4 (local.get $pair)))
                (local.set $pointer (call $realloc (i32.const 0) (i32.const 0) (i32.const 1) (local.get $size)))
                (if (i64.gt_u
                      (i64.add (i64.extend_i32_u (local.get $pointer)) (i64.extend_i32_u (local.get $size)))
                      (i64.shl (i64.extend_i32_u (memory.size $guest)) (i64.const 16)))
                  (then
                    (i32.store $stage offset=4 (local.get $head) (i32.const 1))
                    (i32.store $stage offset=20 (local.get $head) (local.get $pointer))
                    (return (local.get $head))))
                (i32.store $stage (local.get $pair) (local.get $pointer))
                (local.set $pair (i32.add (local.get $pair) (i32.const 8)))
                (br $more)))))))
      (local.set $head (i32.load $stage offset=24 (local.get $head)))
      (br $next)))
    ;; Only now, when the addresses of what lies inside of a value are in it. Pieces of the text that the guest has put one behind
    ;; the other, as many an allocator does, are copied at once: $run is where they begin in the guest, $run_size how long they
    ;; are, and in the text they end at $text.
    (local.set $head (local.get $at))
    (block $copied (loop $next
      (br_if $copied (i32.ge_u (local.get $head) (local.get $end)))
      (local.set $size (i32.load $stage (local.get $head)))
      (local.set $pointer (i32.load $stage offset=20 (local.get $head)))
      (if (i32.eq (i32.load $stage offset=16 (local.get $head)) (i32.const 2))
        (then
          (if (i32.ne (local.get $pointer) (i32.add (local.get $run) (local.get $run_size)))
            (then
              (call $put (local.get $run) (i32.sub (local.get $text) (local.get $run_size)) (local.get $run_size))
              (local.set $run (local.get $pointer))
              (local.set $run_size (i32.const 0))))
          (local.set $run_size (i32.add (local.get $run_size) (local.get $size)))
          (local.set $text (i32.add (local.get $text) (local.get $size))))
        (else
          (call $put (local.get $run) (i32.sub (local.get $text) (local.get $run_size)) (local.get $run_size))
          (local.set $run_size (i32.const 0))
          (if (i32.load $stage offset=16 (local.get $head))
            (then (call $put (local.get $pointer) (i32.add (local.get $head) (i32.const 40)) (local.get $size)))
            (else (call $mark (local.get $pointer) (local.get $size))))
          (if (i32.eq (i32.load $stage offset=16 (local.get $head)) (i32.const 3))
            (then
              (local.set $pair (i32.add (local.get $head) (i32.const 40)))
              (local.set $pairs (i32.add (local.get $pair) (local.get $size)))
              (block $listed (loop $more
                (br_if $listed (i32.ge_u (local.get $pair) (local.get $pairs)))
                (local.set $size (i32.load $stage offset=4 (local.get $pair)))
                (local.set $pointer (i32.load $stage (local.get $pair)))
                (if (i32.ne (local.get $pointer) (i32.add (local.get $run) (local.get $run_size)))
                  (then
                    (call $put (local.get $run) (i32.sub (local.get $text) (local.get $run_size)) (local.get $run_size))
                    (local.set $run (local.get $pointer))
                    (local.set $run_size (i32.const 0))))
                (local.set $run_size (i32.add (local.get $run_size) (local.get $size)))
                (local.set $text (i32.add (local.get $text) (local.get $size)))
                (local.set $pair (i32.add (local.get $pair) (i32.const 8)))
                (br $more)))))))
      (local.set $head (i32.load $stage offset=24 (local.get $head)))
      (br $next)))
    (call $put (local.get $run) (i32.sub (local.get $text) (local.get $run_size)) (local.get $run_size))
    (i32.const 0))
  (func $put (param $to i32) (param $from i32) (param $size i32)
    (if (i32.eqz (local.get $size)) (then (return)))
    (call $mark (local.get $to) (local.get $size))
    (call $copy (local.get $to) (local.get $from) (local.get $size)))
  (func $mark (param $at i32) (param $size i32) (local $chunk i32)
    (if (i32.eqz (local.get $size)) (then (return)))
    (local.set $chunk (i32.shr_u (local.get $at) (i32.const 9)))
    (local.set $at (i32.shr_u
      (i32.sub (i32.add (local.get $at) (local.get $size)) (i32.const 1))
      (i32.const 9)))
    (loop $next
      (i32.store8 $map (local.get $chunk) (i32.const 1))
      (br_if $next (i32.le_u
        (local.tee $chunk (i32.add (local.get $chunk) (i32.const 1)))
        (local.get $at)))))
  ;; For most values are shorter than what calling the engine's copy costs.
  (func $copy (param $to i32) (param $from i32) (param $size i32) (local $last i32)
    (if (i32.gt_u (local.get $size) (i32.const 128))
      (then
        (memory.copy $guest $stage (local.get $to) (local.get $from) (local.get $size))
        (return)))
    (if (i32.ge_u (local.get $size) (i32.const 8))
      (then
        (local.set $last (i32.add (local.get $from) (i32.sub (local.get $size) (i32.const 8))))
        (i64.store $guest align=1
          (i32.add (local.get $to) (i32.sub (local.get $size) (i32.const 8)))
          (i64.load $stage align=1 (local.get $last)))
        (block $done (loop $next
          (br_if $done (i32.ge_u (local.get $from) (local.get $last)))
          (i64.store $guest align=1 (local.get $to) (i64.load $stage align=1 (local.get $from)))
          (local.set $from (i32.add (local.get $from) (i32.const 8)))
          (local.set $to (i32.add (local.get $to) (i32.const 8)))
          (br $next)))
        (return)))
    (local.set $last (i32.add (local.get $from) (local.get $size)))
    (block $done (loop $next
      (br_if $done (i32.ge_u (local.get $from) (local.get $last)))
      (i32.store8 $guest (local.get $to) (i32.load8_u $stage (local.get $from)))
      (local.set $from (i32.add (local.get $from) (i32.const 1)))
      (local.set $to (i32.add (local.get $to) (i32.const 1)))
      (br $next)))))
