import { UserError } from "../base/user-error.ts";
import type { Attribute, Graph, Model, Node, Tensor, ValueInfo } from "./model.ts";

/** More than any network that is imported has. */
const MOST_NODES = 50_000;
/** Of a tensor. */
const MOST_DIMENSIONS = 16;
const MOST_ELEMENTS = 2 ** 31;

/** A graph that was checked: nodes behind what they read, every value made once, sizes of tensors whole and within limits. */
export interface CheckedGraph {
  readonly nodes: readonly Node[];
  readonly constants: ReadonlyMap<string, Tensor>;
  /** The inputs that are no constants. */
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
}

/** A node in messages. */
export function labelOf({ opType = "?", name = "", output = [] }: Node): string {
  return `${opType} ${JSON.stringify((name || output[0] || "").slice(0, 80))}`;
}

/** An attribute of a node, or undefined. */
export function attribute(node: Node, name: string): Attribute | undefined {
  return node.attribute?.find((one) => one.name === name);
}

/**
 * Holds the graph of a stranger's model to what a graph is.
 * @throws UserError where values are made twice or of themselves, a tensor has no possible size, or numbers are to be read from elsewhere than beside the file
 */
export function checkedGraph({ graph }: Model): CheckedGraph {
  if (graph === undefined) throw new UserError("expected an ONNX model, got one without a graph; check the file");
  const { node = [], initializer = [], input = [], output = [] } = graph;
  if (node.length > MOST_NODES) throw new UserError(`expected at most ${MOST_NODES} nodes, got ${node.length}`);
  for (const tensor of initializer) checkTensor(tensor);
  for (const one of node) for (const { t } of one.attribute ?? []) if (t !== undefined) checkTensor(t);
  const constants = new Map(initializer.map((tensor) => [tensor.name ?? "", tensor]));
  if (output.length === 0) throw new UserError("expected an ONNX graph with an output, got none; check the file");
  return {
    nodes: sorted(graph, constants),
    constants,
    inputs: input.filter(({ name = "" }) => !constants.has(name)),
    outputs: output,
  };
}

function checkTensor({ name = "", dims = [], dataLocation, externalData = [] }: Tensor): void {
  const where = `tensor ${JSON.stringify(name.slice(0, 80))}`;
  const elements = dims.reduce((product, n) => product * n, 1);
  if (dims.length > MOST_DIMENSIONS || dims.some((n) => n < 0) || elements > MOST_ELEMENTS) {
    throw new UserError(
      `${where}: expected a shape of at most ${MOST_ELEMENTS} elements, got [${dims.slice(0, MOST_DIMENSIONS).join(", ")}]`,
    );
  }
  const location = externalData.find(({ key }) => key === "location")?.value ?? "";
  if ((dataLocation === 1 || externalData.length > 0) && /^([\\/]|[a-z]:)|(^|[\\/])\.\.([\\/]|$)/i.test(location)) {
    throw new UserError(
      `${where}: expected external data in the file's folder, got ${JSON.stringify(location.slice(0, 200))}; it is not read`,
    );
  }
}

/** Nodes in an order in which each reads what is there already. */
function sorted({ node = [], input = [] }: Graph, constants: ReadonlyMap<string, Tensor>): Node[] {
  const maker = new Map<string, number>();
  node.forEach(({ output = [] }, i) => {
    for (const name of output) {
      if (name === "") continue;
      if (maker.has(name) || constants.has(name)) {
        throw new UserError(`expected every value to be made once, got ${JSON.stringify(name.slice(0, 80))} twice`);
      }
      maker.set(name, i);
    }
  });
  const given = new Set(input.map(({ name }) => name));
  const readers = node.map((): number[] => []);
  const missing = node.map(({ input: reads = [] }, i) => {
    const makers = new Set<number>();
    for (const name of reads) {
      const from = maker.get(name);
      if (from !== undefined) makers.add(from);
      else if (name !== "" && !constants.has(name) && !given.has(name)) {
        throw new UserError(`${labelOf(node[i])}: reads ${JSON.stringify(name.slice(0, 80))}, which nothing makes`);
      }
    }
    for (const from of makers) readers[from].push(i);
    return makers.size;
  });
  const ready = missing.flatMap((count, i) => (count === 0 ? [i] : []));
  // What becomes ready is appended while the list is walked.
  for (const i of ready) for (const reader of readers[i]) if (--missing[reader] === 0) ready.push(reader);
  if (ready.length < node.length) {
    const stuck = node.find((_, i) => missing[i] > 0)!;
    throw new UserError(`expected a graph without cycles, got one through ${labelOf(stuck)}`);
  }
  return ready.map((i) => node[i]);
}
