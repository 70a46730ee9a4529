export { dense } from "./dense";
export { depthwise } from "./depthwise";
export { peak } from "./peak";
export { pointwise } from "./pointwise";
