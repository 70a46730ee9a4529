// A scoring thread for measurements: scores as ever, and then sleeps as many milliseconds a network as the environment says, as if that took so long.
const { join } = require("node:path");
const { unpack } = require("msgpackr/pack");
const score = require(join(__dirname, "../../dist/workers/score.cjs"));

const milliseconds = Number(process.env.QES_BENCH_MILLISECONDS);
const asleep = new Int32Array(new SharedArrayBuffer(4));

module.exports = function slow(task) {
  const reply = score(task);
  // Eight bytes a score.
  Atomics.wait(asleep, 0, 0, (milliseconds * unpack(reply).scores.length) / 8);
  return reply;
};
