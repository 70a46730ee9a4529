// Runs command lines one after another in one process, each as `qes` would; qes.ts starts it.
// As a child with a channel it answers every message [argument, ...] by { code, stdout, stderr }, in their order.
// Else its input is JSON [[argument, ...], ...] on stdin, and its output JSON [{ code, stdout, stderr, changed }, ...], changed the files of
// the folder that are new, gone or different after the command.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { pathToFileURL } from "node:url";

const { runCli } = await import(pathToFileURL(process.argv[2]).href);
const picture = () =>
  new Map(
    readdirSync(".")
      .filter((file) => statSync(file).isFile())
      .map((file) => [file, createHash("sha256").update(readFileSync(file)).digest("hex")]),
  );
const own = { stdout: process.stdout.write.bind(process.stdout), stderr: process.stderr.write.bind(process.stderr) };

async function outcomeOf(args) {
  const texts = { stdout: "", stderr: "" };
  for (const stream of ["stdout", "stderr"]) {
    process[stream].write = (text) => {
      texts[stream] += text;
      return true;
    };
  }
  const code = await runCli(args);
  for (const stream of ["stdout", "stderr"]) process[stream].write = own[stream];
  return { code, ...texts };
}

if (process.send === undefined) {
  const outcomes = [];
  for (const args of JSON.parse(readFileSync(0, "utf8"))) {
    const before = picture();
    const outcome = await outcomeOf(args);
    const after = picture();
    const names = [...new Set([...before.keys(), ...after.keys()])];
    outcomes.push({ ...outcome, changed: names.filter((file) => before.get(file) !== after.get(file)) });
  }
  own.stdout(JSON.stringify(outcomes));
} else {
  process.on("disconnect", () => process.exit());
  let last = Promise.resolve();
  process.on("message", (args) => {
    last = last.then(async () => process.send(await outcomeOf(args)));
  });
}
