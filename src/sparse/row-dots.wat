;; The source of the bytes in row-dots.ts.
;;
;; out[i] = vector · matrix[rows[i]], for the rows that are listed from `rows` up to `end`; all arguments are
;; addresses but `bytes`, the length of a row, which is a multiple of 64.
(module
  (memory (export "memory") 1)
  (func (export "dots")
    (param $vector i32) (param $matrix i32) (param $bytes i32) (param $rows i32) (param $end i32) (param $out i32)
    (local $a i32) (local $b i32) (local $stop i32)
    (local $s0 v128) (local $s1 v128) (local $s2 v128) (local $s3 v128)
    (local.set $stop (i32.add (local.get $vector) (local.get $bytes)))
    (block $done
      (loop $row
        (br_if $done (i32.ge_u (local.get $rows) (local.get $end)))
        (local.set $a (local.get $vector))
        (local.set $b (i32.add (local.get $matrix) (i32.mul (i32.load (local.get $rows)) (local.get $bytes))))
        (local.set $s0 (v128.const i32x4 0 0 0 0))
        (local.set $s1 (local.get $s0))
        (local.set $s2 (local.get $s0))
        (local.set $s3 (local.get $s0))
        (loop $step
          (local.set $s0 (f32x4.add (local.get $s0)
            (f32x4.mul (v128.load (local.get $a)) (v128.load (local.get $b)))))
          (local.set $s1 (f32x4.add (local.get $s1)
            (f32x4.mul (v128.load offset=16 (local.get $a)) (v128.load offset=16 (local.get $b)))))
          (local.set $s2 (f32x4.add (local.get $s2)
            (f32x4.mul (v128.load offset=32 (local.get $a)) (v128.load offset=32 (local.get $b)))))
          (local.set $s3 (f32x4.add (local.get $s3)
            (f32x4.mul (v128.load offset=48 (local.get $a)) (v128.load offset=48 (local.get $b)))))
          (local.set $b (i32.add (local.get $b) (i32.const 64)))
          (local.set $a (i32.add (local.get $a) (i32.const 64)))
          (br_if $step (i32.lt_u (local.get $a) (local.get $stop))))
        (local.set $s0 (f32x4.add
          (f32x4.add (local.get $s0) (local.get $s1))
          (f32x4.add (local.get $s2) (local.get $s3))))
        (f32.store (local.get $out) (f32.add
          (f32.add (f32x4.extract_lane 0 (local.get $s0)) (f32x4.extract_lane 1 (local.get $s0)))
          (f32.add (f32x4.extract_lane 2 (local.get $s0)) (f32x4.extract_lane 3 (local.get $s0)))))
        (local.set $rows (i32.add (local.get $rows) (i32.const 4)))
        (local.set $out (i32.add (local.get $out) (i32.const 4)))
        (br $row)))))
