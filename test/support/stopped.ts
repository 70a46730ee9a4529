import { expect } from "vitest";
import { type RunResult, SearchStopped } from "../../src/run/run.ts";

/** What a search that is stopped on its way has so far. */
export async function stoppedResult(run: Promise<RunResult>): Promise<RunResult> {
  const error: unknown = await run.then(
    () => expect.unreachable("the search is done"),
    (reason) => reason,
  );
  expect(error).toBeInstanceOf(SearchStopped);
  const { result } = error as SearchStopped;
  expect(result).toMatchObject({ status: "stopped", run: (error as SearchStopped).run });
  return result!;
}
