#!/usr/bin/env node

// A reader that has seen enough (head) closes the pipe: that is no error.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
}

try {
  // Loaded here, so that a lack of file descriptors, which loading meets first, can be told.
  const { runCli } = await import("./program.ts");
  process.exitCode = await runCli(process.argv.slice(2));
} catch (error) {
  const { code } = error as NodeJS.ErrnoException;
  if (code !== "EMFILE" && code !== "ENFILE") throw error;
  process.stderr.write("qes: too many open files; raise the limit (ulimit -n) and run it again\n");
  process.exitCode = 2;
}
