import { UserError } from "../base/user-error.ts";
import { brokerAddress, brokerOptions } from "./broker.ts";
import { type Command, formatOption, formatOptions, print, printJson } from "./command.ts";
import { csv } from "./render/csv.ts";
import { table } from "./render/format.ts";

export const workersCommand: Command = {
  options: { ...brokerOptions, ...formatOptions },
  examples: [["qes workers --broker broker.url", "who serves a broker, with which build, and what they do"]],
  async run(args) {
    const format = formatOption(args);
    const address = await brokerAddress(args);
    if (address === undefined) throw new UserError("expected --broker, got nothing; see qes workers --help");
    const [{ connect }, { liveWorkers }] = await Promise.all([
      import("../broker/connection.ts"),
      import("../broker/registry.ts"),
    ]);
    const redis = await connect(address);
    const workers = await liveWorkers(redis).finally(() => redis.disconnect());
    if (format === "json") printJson(workers);
    else if (format === "csv") process.stdout.write(csv(workers.map((worker) => ({ ...worker }))));
    else if (workers.length === 0) print(`${address.shown}: no worker is there`);
    else {
      print(
        table([
          ["worker", "version", "build", "threads", "in hand", "batches/min", "searches"],
          ...workers.map(({ name, version, build, threads, inHand, lastMinute, searches }) => [
            name,
            version,
            build,
            String(threads),
            String(inHand),
            String(lastMinute),
            String(searches),
          ]),
        ]),
      );
    }
    return 0;
  },
};
