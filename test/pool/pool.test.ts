import { InlinePool } from "../../src/pool/inline.ts";
import { openThreads } from "../../src/pool/threads.ts";
import { openProblem } from "../../src/problem/problem.ts";
import { createScorer } from "../../src/problem/scorer.ts";
import { poolContract } from "./contract.ts";

poolContract("InlinePool", (config) => new InlinePool(createScorer(openProblem(config))));
poolContract("one thread", (config) => openThreads(openProblem(config), 1, { most: 64 }));
poolContract("two threads", (config) => openThreads(openProblem(config), 2, { most: 17 }));
