import { greatestOf } from "../../base/extremes.ts";
import type { ConvFigures } from "../../formats/layer-table.ts";
import type { NetworkView, ReportModel } from "../model/model.ts";
import { bytes, figure, metric, percent, score } from "../page/figures.ts";
import { type Child, el, type Html } from "../page/html.ts";
import { axis, barsPath, legend, path } from "../page/plot.ts";
import { asTable, dataTable, section } from "../page/table.ts";
import { bitRows } from "./bit-rows.ts";
import { type Bar, memoryBars } from "./memory-bars.ts";

const kinds = { pointwise: "1×1", depthwise: "depthwise", conv: "full conv", projection: "projection" } as const;

/** The best network, a column a conv in the order in which they run. */
export function networkStrips(
  { network, run }: Pick<ReportModel, "network" | "run">,
  title?: string,
): Html | undefined {
  if (network === null) return undefined;
  const { convs, blocks } = network;
  const columns = columnsOf(network);
  const at = peakOf(network);
  return section(
    "network",
    title ?? finding(network, at),
    [
      `Every conv in the order in which it runs, a column each; the input is ${network.resolution}×${network.resolution}.`,
      el("span", { class: "js" }, " Point at one, or use the arrow keys."),
    ],
    el(
      "div",
      { class: "readout", id: "network-readout", "aria-live": "polite" },
      cells(network, convs[at]).map((cell, i) =>
        cell === "" ? undefined : el("span", {}, i > 1 ? `${columns[i]} ` : "", el("b", {}, cell)),
      ),
    ),
    el(
      "div",
      {
        class: "strips",
        tabindex: 0,
        role: "group",
        "aria-label": "The network, conv by conv",
        "data-strips": "network-table",
        "data-readout": "network-readout",
        "data-at": at,
      },
      el("div", { class: "label head" }),
      el(
        "div",
        { class: "strip head" },
        axis(
          blocks.map(({ name, from, to }) => ({
            at: (from + to) / 2 / convs.length,
            text: name,
            short: name.replace("block ", "").replace(/^(stem|head)$/, (word) => word[0].toUpperCase()),
            anchor: "middle" as const,
          })),
          "x b",
          true,
        ),
      ),
      strips(network, at, run.status !== "running"),
    ),
    stripsLegend(network),
    asTable(
      `The same as a table (${convs.length} convs)`,
      el(
        "div",
        { id: "network-table" },
        dataTable(
          "The network as a table",
          columns,
          convs.map((conv) => cells(network, conv)),
          columns.map((_, i) => i).slice(2),
        ),
      ),
    ),
  );
}

/** Index of the conv while which most memory is taken: of the runtime's, where there is one. */
function peakOf({ convs, arena }: NetworkView): number {
  const bytes = convs.map(({ live }, i) =>
    arena === null ? live : (arena.steps.find(({ conv }) => conv === i)?.bytes ?? 0),
  );
  return bytes.indexOf(greatestOf(bytes));
}

function finding({ convs, blocks, classifierFlash, arena }: NetworkView, index: number): string {
  const peaks = blocks.find(({ from, to }) => from <= index && index < to)?.name ?? "";
  const flash = convs.reduce((sum, conv) => sum + conv.flash, classifierFlash);
  const shares = blocks.map(({ name, from, to }) => ({
    name,
    flash: convs.slice(from, to).reduce((sum, conv) => sum + conv.flash, 0),
  }));
  if (classifierFlash > 0) shares.push({ name: "classifier", flash: classifierFlash });
  const most = shares.reduce((a, b) => (b.flash > a.flash ? b : a));
  const place = (name: string) => (name.startsWith("block") ? name : `the ${name}`);
  return `${arena === null ? "Memory" : "The arena"} peaks in ${place(peaks)}, ${percent(Number((most.flash / flash).toFixed(2)))} of the flash is in ${place(most.name)}`;
}

const columnsOf = ({ arena, operators }: NetworkView) => [
  ...["layer", "conv", "bits A", "bits W", "live SRAM"],
  ...(arena === null ? [] : ["arena"]),
  ...["flash", "BitOps"],
  ...operators.map(({ title }) => title),
  ...["score", "next bit"],
];

function cells(network: NetworkView, conv: ConvFigures): Child[] {
  const { convs, blocks, nextBits, scored, arena, operators } = network;
  const index = convs.indexOf(conv);
  const block = blocks.find(({ from, to }) => from <= index && index < to)?.name ?? "";
  const next = nextBits.find(({ from, to }) => from <= index && index < to);
  const step = arena?.steps.find((one) => one.conv === index);
  const shape = `${kinds[conv.kind]}${conv.kind === "conv" || conv.kind === "depthwise" ? ` ${conv.kernel}×${conv.kernel}` : ""}, ${conv.inChannels}→${conv.outChannels} at ${conv.inResolution}×${conv.inResolution}${conv.stride > 1 ? `, stride ${conv.stride}` : ""}`;
  return [
    block.startsWith("block") ? `${block}, layer ${conv.inner + 1}` : block,
    shape,
    conv.bitsA === 0 ? "full" : conv.bitsA,
    conv.bitsW === 0 ? "full" : conv.bitsW,
    bytes(conv.live),
    ...(arena === null ? [] : [step === undefined ? "with the next" : bytes(step.bytes)]),
    bytes(conv.flash),
    metric(conv.bitops),
    ...operators.map(({ unit, values }) => figure(unit, values[index])),
    scored ? `+${(conv.gain + conv.width).toFixed(2)}` : "",
    next === undefined ? "" : `${next.before} → ${next.after}, ${perMBitOp(next.rate)} a MBitOp`,
  ];
}

const perMBitOp = (rate: number) => (rate * 1e6).toPrecision(2);

function strips(network: NetworkView, at: number, withPrices: boolean): Child[] {
  const { convs, liveBudget, arena, nextBits, scored, classifierFlash, operators } = network;
  const row = (title: string, note: string, height: number, bars: readonly Bar[], over: Child = undefined) => [
    el("div", { class: "label" }, el("h3", {}, title), el("p", {}, note)),
    el(
      "div",
      { class: "strip" },
      el(
        "svg",
        {
          width: "100%",
          height,
          viewBox: `0 0 ${convs.length} 100`,
          preserveAspectRatio: "none",
          role: "img",
          "aria-label": `${title}: ${note}`,
        },
        shading(network),
        bars.map(({ kind, bars: of }) => path(barsPath(of), kind)),
        over,
        el("rect", { class: "cross", x: at, y: 0, width: 1, height: 100 }),
      ),
    ),
  ];
  const most = greatestOf(convs.map(({ outChannels }) => Math.log(outChannels + 1)));
  const colour = (conv: ConvFigures) => (conv.kind === "pointwise" ? "a" : conv.kind === "depthwise" ? "b2" : "c");
  const channels = ["a", "b2", "c"].map((kind) => ({
    kind,
    bars: convs.flatMap((conv, i) => {
      const half = Math.log(conv.outChannels + 1) / most / 2;
      return colour(conv) === kind ? [[i, 0.5 - half, 0.5 + half] as const] : [];
    }),
  }));
  const live = memoryBars(
    convs.map((conv, i) => ({ ...conv, conv: i, scratch: 0 })),
    liveBudget,
    convs.length,
  );
  const deployed = arena === null ? undefined : memoryBars(arena.steps, arena.budget, convs.length);
  const simple = (values: readonly number[]) => {
    const top = greatestOf(values);
    return [{ kind: "a", bars: values.map((value, i) => [i, 0, top > 0 ? value / top : 0] as const) }];
  };
  const gains = greatestOf(convs.map(({ gain, width }) => gain + width));
  return [
    row("Channels", "height is log", 84, channels),
    bitRows(network, at),
    row("Live SRAM", `while the conv runs: ${live.text}`, arena === null ? 130 : 64, live.bars, live.line),
    deployed === undefined
      ? undefined
      : row("Arena", `of ${arena!.runtime}, scratch too: ${deployed.text}`, 130, deployed.bars, deployed.line),
    row(
      "Flash",
      `up to ${bytes(greatestOf(convs.map(({ flash }) => flash)))}${classifierFlash > 0 ? `; the classifier ${bytes(classifierFlash)}` : ""}`,
      56,
      simple(convs.map(({ flash }) => flash)),
    ),
    row(
      "BitOps",
      `up to ${metric(greatestOf(convs.map(({ bitops }) => bitops)))}`,
      56,
      simple(convs.map(({ bitops }) => bitops)),
    ),
    operators.map(({ title, unit, values }) => {
      const all = values.reduce((sum, value) => sum + value, 0);
      const note = `up to ${figure(unit, greatestOf(values))}, ${figure(unit, all)} in all`;
      return row(title === "latency" ? "Latency" : "Energy", note, 56, simple(values));
    }),
    scored && gains > 0
      ? row("Score", `adds up to ${score(network.score)}`, 56, [
          { kind: "a", bars: convs.map(({ gain }, i) => [i, 0, gain / gains] as const) },
          { kind: "b2", bars: convs.map(({ gain, width }, i) => [i, gain / gains, (gain + width) / gains] as const) },
        ])
      : undefined,
    withPrices && nextBits.length > 0
      ? row(
          "Next bit",
          `score a MBitOp, log, up to ${perMBitOp(greatestOf(nextBits.map(({ rate }) => rate)))}`,
          48,
          [],
          prices(network),
        )
      : undefined,
  ];
}

function prices({ nextBits }: NetworkView): Html | undefined {
  const logs = nextBits.map(({ rate }) => Math.log(rate));
  const low = -greatestOf(logs.map((log) => -log));
  const width = greatestOf(logs) - low || 1;
  return path(
    nextBits
      .map(({ from, to }, i) => `M${from + 0.1} ${(92 - (84 * (logs[i] - low)) / width).toFixed(1)}H${to - 0.1}`)
      .join(""),
    "l-a",
  );
}

/** Every other block on a darker ground. */
function shading({ blocks }: NetworkView): Html | undefined {
  return path(
    blocks.flatMap(({ from, to }, i) => (i % 2 === 0 ? [`M${from} 0H${to}V100H${from}z`] : [])).join(""),
    "soft",
  );
}

/** What the colours say, strip by strip. */
function stripsLegend({ convs, arena, liveBudget, scored }: NetworkView): Html[] {
  const kinds = new Set(convs.map(({ kind }) => kind));
  const held = convs.some((conv) => conv.held > 0) || arena?.steps.some((step) => step.held > 0);
  const budget = (arena === null ? liveBudget : arena.budget) !== null;
  return [
    legend(
      "Channels",
      kinds.has("pointwise") ? ["a", "1×1"] : undefined,
      kinds.has("depthwise") ? ["b2", "depthwise"] : undefined,
      kinds.has("conv") || kinds.has("projection")
        ? ["c", kinds.has("projection") ? "full conv or projection" : "full conv"]
        : undefined,
    ),
    legend(
      arena === null ? "Live SRAM" : "Live SRAM, arena",
      ["a", "input"],
      ["b2", "output"],
      held ? ["c", "held by the shortcut"] : undefined,
      arena?.steps.some(({ scratch }) => scratch > 0) ? ["q", "scratch"] : undefined,
      ["l-limit", budget ? "budget, or the peak where none is near" : "peak"],
    ),
    ...(scored ? [legend("Score", ["a", "log gain"], ["b2", "ln(channels) at a stage's end"])] : []),
  ];
}
