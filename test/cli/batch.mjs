// Runs many command lines one after another in one process, each as `qes` would; `batch` in qes.ts starts it.
// Input: JSON [[argument, ...], ...] on stdin. Output: JSON [{ code, stdout, stderr, changed }], changed the files of the folder that
// are new, gone or different after the command.
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
const out = process.stdout.write.bind(process.stdout);
const outcomes = [];
for (const args of JSON.parse(readFileSync(0, "utf8"))) {
  const before = picture();
  const texts = { stdout: "", stderr: "" };
  for (const stream of ["stdout", "stderr"]) {
    process[stream].write = (text) => {
      texts[stream] += text;
      return true;
    };
  }
  const code = await runCli(args);
  const after = picture();
  const changed = [...new Set([...before.keys(), ...after.keys()])].filter(
    (file) => before.get(file) !== after.get(file),
  );
  outcomes.push({ code, ...texts, changed });
}
process.stdout.write = out;
out(JSON.stringify(outcomes));
