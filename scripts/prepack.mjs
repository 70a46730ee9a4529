// What is packed is the present build alone.
import { build, removeOlder } from "./dist.mjs";

await build({ types: true });
removeOlder();
