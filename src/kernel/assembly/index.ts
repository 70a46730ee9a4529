export { dense } from "./dense";
export { depthwise } from "./depthwise";
export { peakDot, peakFloat32, peakInt16, peakInt8 } from "./peak";
export { pointwise } from "./pointwise";
