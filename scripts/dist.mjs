/*
 * Keeps dist equal to what its inputs give, for any number of builds and commands at once. A build writes into a folder of its own and then renames
 * file by file: those that others import first, the stamp last. A command that started before finds the chunks it has yet to load, since their
 * names hold their hash and those of the build before stay.
 */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dist = join(root, "dist");
/** What was built: the hash of the inputs, and of every file that came of them. */
const stampName = "build.json";
const inputs = ["src", "workers", "bench", "study", "scripts"];
const settings = ["package.json", "package-lock.json", "tsconfig.json", "tsconfig.build.json"];
const staging = ".building-";
/** Milliseconds after which what no build has stamped goes: one that was killed left it. */
const ABANDONED = 3_600_000;

/** Does nothing where dist is what its inputs give; what they give at the end, where they are edited meanwhile. */
export async function build({ types }) {
  process.chdir(root);
  while (!isFresh(types)) await buildOnce(types);
}

async function buildOnce(types) {
  const [{ bundle }, { buildWasm }] = await Promise.all([import("./bundle.mjs"), import("./wasm.mjs")]);
  const folder = join(dist, `${staging}${process.pid}`);
  const before = readStamp();
  const hash = hashOfInputs();
  mkdirSync(folder, { recursive: true });
  try {
    // Compiling the AssemblyScript holds this thread, so that the type checker runs beside it.
    await Promise.all([types && declarations(folder), buildWasm(folder), bundle(folder)]);
    const files = Object.fromEntries(filesIn(folder).map((file) => [file, hashOf(readFileSync(join(folder, file)))]));
    for (const file of Object.keys(files).sort((a, b) => rank(a) - rank(b))) replace(join(folder, file), file);
    writeFileSync(join(folder, stampName), `${JSON.stringify({ inputs: hash, types, files }, null, 1)}\n`);
    replace(join(folder, stampName), stampName);
    const chunksBefore = Object.keys(before?.files ?? {}).filter((file) => rank(file) === 0);
    // What is younger may be of another build, which has yet to write its stamp.
    removeOthers([...Object.keys(files), ...chunksBefore], ABANDONED);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Removes what no command needs that starts now: it is not to be published. */
export function removeOlder() {
  removeOthers(Object.keys(readStamp().files), 0);
}

function hashOfInputs() {
  const hash = createHash("sha256");
  for (const file of [...inputs.flatMap((folder) => filesIn(root, folder)), ...settings]) {
    const content = readFileSync(join(root, file));
    hash.update(`${file}\0${content.length}\0`).update(content);
  }
  return hash.digest("hex");
}

function readStamp() {
  try {
    return JSON.parse(readFileSync(join(dist, stampName), "utf8"));
  } catch {
    // Never built, or by a build that wrote no stamp.
    return undefined;
  }
}

function isFresh(types) {
  const stamp = readStamp();
  if (stamp === undefined || stamp.inputs !== hashOfInputs() || (types && !stamp.types)) return false;
  try {
    return Object.entries(stamp.files).every(([file, content]) => hashOf(readFileSync(join(dist, file))) === content);
  } catch {
    // One is missing.
    return false;
  }
}

/** Chunks, then what no file imports, then the files that commands start with. */
function rank(file) {
  if (file.includes("chunks/")) return 0;
  return /^src\/.*\.js$/.test(file) ? 2 : 1;
}

function replace(from, file) {
  const to = join(dist, file);
  mkdirSync(dirname(to), { recursive: true });
  renameSync(from, to);
}

/** What has stood in dist for `age` milliseconds; folders of builds that go on stay, and are not looked into: their files come and go. */
function removeOthers(kept, age) {
  const stays = new Set([...kept, stampName]);
  const entries = readdirSync(dist, { withFileTypes: true });
  const built = entries
    .filter(({ name }) => !name.startsWith(staging))
    .flatMap((entry) => (entry.isDirectory() ? filesIn(dist, entry.name) : [entry.name]));
  for (const file of built) if (!stays.has(file)) removeAged(file, age);
  for (const { name } of entries) if (name.startsWith(staging)) removeAged(name, ABANDONED);
}

function removeAged(name, age) {
  const path = join(dist, name);
  try {
    if (Date.now() - statSync(path).mtimeMs >= age) rmSync(path, { force: true, recursive: true });
  } catch {
    // Another build renamed or removed it.
  }
}

/** Paths below root with forward slashes, in one order on every machine. */
function filesIn(root, folder = ".") {
  return readdirSync(join(root, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join("/"))
    .sort();
}

function hashOf(content) {
  return createHash("sha256").update(content).digest("hex");
}

function declarations(folder) {
  return new Promise((resolve, reject) => {
    const tsc = spawn(
      process.execPath,
      ["node_modules/typescript/bin/tsc", "-p", "tsconfig.build.json", "--outDir", folder],
      {
        stdio: "inherit",
      },
    );
    tsc.once("error", reject);
    tsc.once("close", (code) => (code === 0 ? resolve() : reject(new Error("the declarations were not built"))));
  });
}
