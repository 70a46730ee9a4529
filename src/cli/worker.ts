import { availableParallelism, tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { UserError } from "../base/user-error.ts";
import { MAX_THREADS } from "../run/run.ts";
import { brokerAddress, brokerOptions } from "./broker.ts";
import { type Command, flag, flagOption, note, text, textOption, wholeOption } from "./command.ts";
import { version } from "./version.ts";
import { workerSearches } from "./worker-searches.ts";

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

export const workerCommand: Command = {
  options: {
    ...brokerOptions,
    threads: text("batches that it scores at the same time", { defaultDescription: "the cores" }),
    folder: text("keeps searches that are not finished: a worker of this folder goes on with them", {
      defaultDescription: "one of the user's, among temporary files",
    }),
    quiet: flag("no notes"),
  },
  examples: [
    ["qes worker --broker redis://127.0.0.1:6379", "score for the searches of a broker on this machine"],
    ["qes worker --broker broker.url --threads 8", "the address, with its password, is in a file of yours alone"],
  ],
  async run(args) {
    const address = await brokerAddress(args);
    if (address === undefined) throw new UserError("expected --broker, got nothing; see qes worker --help");
    const threads = wholeOption(args, "threads", 1, MAX_THREADS) ?? availableParallelism();
    const quiet = flagOption(args, "quiet");
    const stop = new AbortController();
    const onSignal = () => {
      if (stop.signal.aborted) process.exit(130);
      stop.abort();
      if (!quiet) note("finishing what is in hand; once more stops at once");
    };
    for (const signal of signals) process.on(signal, onSignal);
    const searches = workerSearches(
      textOption(args, "folder") ?? join(tmpdir(), `qes-worker-${userInfo().uid}-${version}`),
    );
    const { serve } = await import("../broker/serve.ts");
    try {
      await serve(address, {
        threads,
        version,
        stop: stop.signal,
        searches,
        onSearch: (id) => {
          if (!quiet) note(`search ${id} is done`);
        },
        onStart: ({ name, build }) => {
          if (!quiet) note(`${name}: build ${build}, ${threads} threads, serves ${address.shown}`);
        },
        onError: (message) => note(`the broker: ${message}; going on`),
      });
      return 0;
    } finally {
      for (const signal of signals) process.off(signal, onSignal);
    }
  },
};
