import { fileURLToPath } from "node:url";

/** Whether a file is what node was started with. */
export function isMain(url: string): boolean {
  return process.argv[1] === fileURLToPath(url);
}

/** The number behind `--name`. */
export function numberArgument(name: string, otherwise: number): number {
  const at = process.argv.indexOf(`--${name}`);
  const value = at < 0 ? otherwise : Number(process.argv[at + 1]);
  if (!Number.isFinite(value) || value < 0) throw new Error(`--${name}: expected a number`);
  return value;
}
