import { InlinePool } from "../../src/pool/inline.ts";
import { ThreadPool } from "../../src/pool/threads.ts";
import { openProblem } from "../../src/problem/problem.ts";
import { createScorer } from "../../src/problem/scorer.ts";
import { poolContract } from "./contract.ts";

poolContract("InlinePool", (config) => new InlinePool(createScorer(openProblem(config))));
poolContract("ThreadPool of 1", (config, genomeLength) => new ThreadPool(config, genomeLength, 1, 64));
poolContract("ThreadPool of 2", (config, genomeLength) => new ThreadPool(config, genomeLength, 2, 17));
