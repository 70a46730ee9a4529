#!/usr/bin/env node

const OLDEST = [20, 19] as const;
/** Milliseconds. A shorter command has compiled too little to leave any of it. */
const LONG = 1000;

/** Why stdout took no more. */
let lost: NodeJS.ErrnoException | undefined;
// A reader that has seen enough (head) closes the pipe: that is no error. Without stderr there is no progress, and the work goes on.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") lost ??= error;
});
process.stderr.on("error", () => {});

process.exitCode = await main();
await makeRoom();
// What stdout did not take may be known only when all is done.
process.on("exit", () => {
  if (lost === undefined || process.exitCode !== 0) return;
  process.stderr.write(
    `qes: cannot write to stdout: ${lost.message}; make room, or write somewhere else, and run it again\n`,
  );
  process.exitCode = 2;
});

async function main(): Promise<number> {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1])) {
    process.stderr.write(
      `qes: expected Node ${OLDEST.join(".")} or newer, got ${process.versions.node}; update Node\n`,
    );
    return 2;
  }
  try {
    // Loaded here, so that an old Node, and a lack of file descriptors, which loading meets first, can be told.
    const { runCli } = await import("./program.ts");
    return await runCli(process.argv.slice(2));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "EMFILE" && code !== "ENFILE") throw error;
    process.stderr.write("qes: too many open files; raise the limit (ulimit -n) and run it again\n");
    return 2;
  }
}

/**
 * Compilation in the background may wait for this thread to collect garbage, and the end of the process for that compilation: both for ever.
 * After a collection there is room, and it waits no more.
 */
async function makeRoom(): Promise<void> {
  if (performance.now() < LONG) return;
  const { endsWell } = await import("../base/background-compilation.ts");
  if (endsWell) return;
  const { setFlagsFromString } = await import("node:v8");
  const { runInNewContext } = await import("node:vm");
  setFlagsFromString("--expose-gc");
  runInNewContext("gc")();
}
