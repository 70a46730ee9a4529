import { spawnSync } from "node:child_process";

/** A Python that has these modules; undefined where the machine has none, and tests that need it are skipped, by name. QES_PYTHON names another one. */
export function pythonWith(...modules: readonly string[]): string | undefined {
  const candidates = [process.env["QES_PYTHON"], "python3", "/usr/bin/python3"].filter((name) => name !== undefined);
  // Importing them would take seconds.
  const line = `import importlib.util as u; assert all(map(u.find_spec, ${JSON.stringify(modules)}))`;
  return candidates.find((name) => spawnSync(name, ["-c", line], { stdio: "ignore" }).status === 0);
}

/** Runs a script that may import what is in the folder; its stdout. @throws Error with its stderr where it fails */
export function python(interpreter: string, args: readonly string[], folder: string): string {
  const { status, stdout, stderr } = spawnSync(interpreter, args, {
    cwd: folder,
    encoding: "utf8",
    maxBuffer: 64e6,
    env: { ...process.env, OMP_NUM_THREADS: "1", PYTHONPATH: folder },
  });
  if (status !== 0) throw new Error(`python ${args.join(" ")} ended with ${status}:\n${stdout}\n${stderr}`);
  return stdout;
}
