import { DataType, type Tensor } from "./model.ts";

/** Bits of the types that whole values have. */
const typeBits: Readonly<Record<number, number>> = {
  [DataType.uint8]: 8,
  [DataType.int8]: 8,
  [DataType.uint4]: 4,
  [DataType.int4]: 4,
  [DataType.uint16]: 16,
  [DataType.int16]: 16,
  [DataType.int32]: 32,
};

/** Bits of a type of whole numbers; undefined of another type. */
export function bitsOfType(type: number | undefined): number | undefined {
  return type === undefined ? undefined : typeBits[type];
}

export function isSigned(type: number | undefined): boolean {
  return type === DataType.int8 || type === DataType.int4 || type === DataType.int16 || type === DataType.int32;
}

/** Elements by a tensor's shape. */
function elementsOf({ dims = [] }: Tensor): number {
  return dims.reduce((product, n) => product * n, 1);
}

/** The numbers of a tensor, as far as its file has them: all, or undefined where they are elsewhere, cut off or of a type that is not read. */
export function numbersOf(tensor: Tensor): ArrayLike<number> | undefined {
  const count = elementsOf(tensor);
  const numbers = storedNumbers(tensor, count);
  return numbers === undefined || numbers.length < count ? undefined : numbers;
}

function storedNumbers(tensor: Tensor, count: number): ArrayLike<number> | undefined {
  const { dataType, rawData, floatData = [], int32Data = [], int64Data = [], doubleData = [] } = tensor;
  if (rawData === undefined || rawData.length === 0) {
    return [floatData, int32Data, int64Data, doubleData].find((list) => list.length > 0);
  }
  const view = new DataView(rawData.buffer, rawData.byteOffset, rawData.length);
  const every = (size: number, read: (at: number) => number) =>
    rawData.length < size * count ? undefined : Float64Array.from({ length: count }, (_, i) => read(size * i));
  switch (dataType) {
    case DataType.float:
      return every(4, (at) => view.getFloat32(at, true));
    case DataType.double:
      return every(8, (at) => view.getFloat64(at, true));
    case DataType.uint8:
      return rawData;
    case DataType.int8:
      return new Int8Array(rawData.buffer, rawData.byteOffset, rawData.length);
    case DataType.int32:
      return every(4, (at) => view.getInt32(at, true));
    case DataType.int64:
      return every(8, (at) => Number(view.getBigInt64(at, true)));
    case DataType.int4:
      if (rawData.length < count / 2) return undefined;
      // The low four bits come first; the shifts extend the sign.
      return Int8Array.from({ length: count }, (_, i) => (rawData[i >> 1] << (i % 2 === 0 ? 28 : 24)) >> 28);
    default:
      return undefined;
  }
}

/** The least bits, 2 or more, of two's complement that hold every number. */
export function leastBits(numbers: ArrayLike<number>): number {
  let bits = 2;
  for (let i = 0; i < numbers.length; i++) {
    while (bits < 32 && (numbers[i] < -(2 ** (bits - 1)) || numbers[i] > 2 ** (bits - 1) - 1)) bits++;
  }
  return bits;
}
