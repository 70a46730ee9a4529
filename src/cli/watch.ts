import { constants, setPriority } from "node:os";
import { openLivePage } from "../report/live/server.ts";
import {
  archiveArgument,
  type Command,
  DEFAULT_ARCHIVE,
  flag,
  flagOption,
  note,
  print,
  text,
  wholeOption,
} from "./command.ts";

export const watchCommand: Command = {
  positionals: { archive: `the archive file; ${DEFAULT_ARCHIVE} if left out` },
  options: {
    run: text("id of the run that is looked at", { defaultDescription: "the last one, also where another begins" }),
    beside: flag("beside a search: take the processor only where that leaves it, and be ended by it"),
    port: text("port of this machine", { defaultDescription: "any that is free" }),
  },
  examples: [["qes watch qes.sqlite", "a page of this machine that follows the search; Ctrl-C ends it"]],
  async run(args) {
    const path = archiveArgument(args);
    if (flagOption(args, "beside")) setPriority(constants.priority.PRIORITY_LOW);
    const live = await openLivePage(path, {
      run: wholeOption(args, "run", 1),
      port: wholeOption(args, "port", 1, 65535),
    });
    print(live.url);
    const end = flagOption(args, "beside") ? "and ends with the search" : "until Ctrl-C";
    note(`open it in a browser of this machine; it follows ${path} ${end}`);
    await new Promise<void>((resolve) => {
      for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => resolve());
    });
    await live.close();
    return 0;
  },
};
