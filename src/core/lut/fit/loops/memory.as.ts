/** Numbers at a place in memory, by index. Arrays lie where the caller put them; every index is the caller's to keep. */

@inline
export function byteAt(array: usize, i: i32): u32 {
  return load<u8>(array + i);
}

@inline
export function floatAt(array: usize, i: i32): f64 {
  return <f64>load<f32>(array + (<usize>i << 2));
}

@inline
export function putFloat(array: usize, i: i32, value: f64): void {
  store<f32>(array + (<usize>i << 2), <f32>value);
}

@inline
export function addFloat(array: usize, i: i32, value: f64): void {
  const at = array + (<usize>i << 2);
  store<f32>(at, <f32>(<f64>load<f32>(at) + value));
}

@inline
export function doubleAt(array: usize, i: i32): f64 {
  return load<f64>(array + (<usize>i << 3));
}

@inline
export function putDouble(array: usize, i: i32, value: f64): void {
  store<f64>(array + (<usize>i << 3), value);
}

@inline
export function addDouble(array: usize, i: i32, value: f64): void {
  const at = array + (<usize>i << 3);
  store<f64>(at, load<f64>(at) + value);
}

@inline
export function intAt(array: usize, i: i32): i32 {
  return load<i32>(array + (<usize>i << 2));
}
