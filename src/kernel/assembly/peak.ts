/**
 * Runs `rounds` times twelve independent f32x4 chains of twice a multiply then an add: 192 floating-point operations a round.
 * @param factor,summand arguments, since the engine would load constants again in every round
 */
export function peak(rounds: i32, factor: f32, summand: f32): f32 {
  const m = f32x4.splat(factor);
  const a = f32x4.splat(summand);
  let s0 = f32x4.splat(summand);
  let s1 = s0, s2 = s0, s3 = s0, s4 = s0, s5 = s0, s6 = s0, s7 = s0, s8 = s0, s9 = s0, s10 = s0, s11 = s0;
  for (let i = 0; i < rounds; i++) {
    s0 = f32x4.add(f32x4.mul(s0, m), a);
    s1 = f32x4.add(f32x4.mul(s1, m), a);
    s2 = f32x4.add(f32x4.mul(s2, m), a);
    s3 = f32x4.add(f32x4.mul(s3, m), a);
    s4 = f32x4.add(f32x4.mul(s4, m), a);
    s5 = f32x4.add(f32x4.mul(s5, m), a);
    s6 = f32x4.add(f32x4.mul(s6, m), a);
    s7 = f32x4.add(f32x4.mul(s7, m), a);
    s8 = f32x4.add(f32x4.mul(s8, m), a);
    s9 = f32x4.add(f32x4.mul(s9, m), a);
    s10 = f32x4.add(f32x4.mul(s10, m), a);
    s11 = f32x4.add(f32x4.mul(s11, m), a);
    s0 = f32x4.add(f32x4.mul(s0, m), a);
    s1 = f32x4.add(f32x4.mul(s1, m), a);
    s2 = f32x4.add(f32x4.mul(s2, m), a);
    s3 = f32x4.add(f32x4.mul(s3, m), a);
    s4 = f32x4.add(f32x4.mul(s4, m), a);
    s5 = f32x4.add(f32x4.mul(s5, m), a);
    s6 = f32x4.add(f32x4.mul(s6, m), a);
    s7 = f32x4.add(f32x4.mul(s7, m), a);
    s8 = f32x4.add(f32x4.mul(s8, m), a);
    s9 = f32x4.add(f32x4.mul(s9, m), a);
    s10 = f32x4.add(f32x4.mul(s10, m), a);
    s11 = f32x4.add(f32x4.mul(s11, m), a);
  }
  s0 = f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3));
  s4 = f32x4.add(f32x4.add(s4, s5), f32x4.add(s6, s7));
  s8 = f32x4.add(f32x4.add(s8, s9), f32x4.add(s10, s11));
  return f32x4.extract_lane(f32x4.add(s0, f32x4.add(s4, s8)), 0);
}
