import { InlinePool } from "../../src/pool/inline.ts";
import { createScorer } from "../../src/pool/scorer.ts";
import { ThreadPool } from "../../src/pool/threads.ts";
import { poolContract } from "./contract.ts";

poolContract("InlinePool", (config) => new InlinePool(createScorer(config)));
poolContract("ThreadPool of 1", (config, genomeLength) => new ThreadPool(config, genomeLength, 1, 64));
poolContract("ThreadPool of 2", (config, genomeLength) => new ThreadPool(config, genomeLength, 2, 17));
