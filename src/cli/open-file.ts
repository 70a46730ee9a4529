import { spawn } from "node:child_process";

/** What shows a file in a browser, by platform. */
const openers: Readonly<Partial<Record<NodeJS.Platform, readonly [command: string, ...args: string[]]>>> = {
  darwin: ["open"],
  win32: ["cmd", "/c", "start", ""],
};
/** Milliseconds after which it has found a browser, if it goes on for so long. */
const FOUND = 2000;

/** Shows a file in the browser of this machine, which goes on by itself. @returns why not, where there is none */
export async function openFile(path: string): Promise<string | undefined> {
  const [command, ...args] = openers[process.platform] ?? ["xdg-open"];
  return new Promise((resolve) => {
    const opener = spawn(command, [...args, path], { stdio: "ignore", detached: true });
    const goesOn = setTimeout(() => {
      opener.unref();
      resolve(undefined);
    }, FOUND);
    const ended = (why: string | undefined) => {
      clearTimeout(goesOn);
      resolve(why);
    };
    opener.once("error", (error: NodeJS.ErrnoException) => ended(`${command}: ${error.code ?? error.message}`));
    opener.once("exit", (code) => ended(code === 0 ? undefined : `${command} ended with ${code}`));
  });
}
