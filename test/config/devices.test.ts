import { describe, expect, test } from "vitest";
import { UserError } from "../../src/base/user-error.ts";
import { parseConfig } from "../../src/config/config.ts";
import { deviceNames, deviceOf, fillFromDevice, partText, taskNames } from "../../src/config/devices.ts";
import { withPartFiles } from "../../src/config/part-files.ts";
import { presetNames, presetValue } from "../../src/config/presets.ts";

describe("devices and tasks", () => {
  test("are microcontrollers and boards with their memories, each with its source, and the tasks", () => {
    const devices = deviceNames().map((name) => deviceOf(name, "test"));
    expect(
      devices.map(({ name, memory, reserve }) => [name, memory.sram, reserve.sram, memory.flash, reserve.flash]),
    ).toEqual([
      ["arduino-nano-33-ble", 256, 0, 1024, 64],
      ["esp32-s3", 416, 0, 8192, 0],
      ["gap8", 512, 0, 65_536, 0],
      ["nrf52840", 256, 0, 1024, 0],
      ["nrf5340", 512, 0, 1024, 0],
      ["rp2040", 264, 0, 2048, 0],
      ["rp2350", 520, 0, 4096, 0],
      ["stm32f407", 128, 0, 1024, 0],
      ["stm32f412", 256, 0, 1024, 0],
      ["stm32f746", 320, 0, 1024, 0],
      ["stm32h743", 512, 0, 2048, 0],
      ["stm32h7a3", 1024, 0, 2048, 0],
      ["stm32l476", 96, 0, 1024, 0],
      ["stm32u575", 768, 0, 2048, 0],
    ]);
    for (const { source, title, core } of devices) {
      expect(source).toMatch(/data sheet|Manual|Specification/);
      expect([title, core]).not.toContain("");
    }
    expect(taskNames()).toEqual(["face", "imagenet", "kws", "vww"]);
  });

  test("fill the budgets of a network alone, in bytes of 1024 a kB, and the capability, where no runtime is to be", () => {
    const config = parseConfig({ device: "stm32f746", task: "imagenet", runtime: "none" }, "test");
    expect(config.name).toBe("stm32f746-imagenet");
    expect(config.budgets).toEqual({ sramLive: 327_680, flash: 1_048_576, layers: 47 });
    expect(config.capability).toBe("cmix-nn");
    expect(config.classes).toBe(1000);
    expect(config.input).toEqual({ resolution: 160, channels: 3 });
  });

  test("fill the budgets of the runtime, less what it reserves, and the bits that it runs", () => {
    const config = parseConfig({ device: "stm32f746", task: "imagenet" }, "test");
    expect(parseConfig({ device: "stm32f746", task: "imagenet", runtime: "qes-c" }, "test")).toEqual(config);
    expect(config.budgets).toEqual({ arena: 318 * 1024, flashDeployed: 1008 * 1024, layers: 47 });
    expect(config.capability).toBe("cmix-nn");
    expect(config.runtime?.name).toBe("qes-c");
    expect(parseConfig(JSON.parse(JSON.stringify(config)), "stored")).toEqual(config);
    const eights = parseConfig({ device: "stm32f746", task: "imagenet", runtime: "tinyengine" }, "test");
    expect(eights.capability).toEqual({ body: [[8, 8]], stem: [[8, 8]], head: [[8, 8]] });
    expect(() =>
      parseConfig({ device: "rp2040", task: "vww", runtime: { ...config.runtime, activations: [4] } }, "test"),
    ).toThrow("test: runtime: expected a runtime that runs bits of the device, got qes-c, which runs none");
    expect(() => parseConfig({ task: "vww", budgets: { arena: 1000 } }, "test")).toThrow(
      "test: budgets.arena: expected a runtime whose memory it limits, got none",
    );
    expect(() => parseConfig({ device: "rp2040", task: "vww", runtime: "qesc" }, "test")).toThrow(
      "did you mean qes-c?",
    );
  });

  test("give way, key by key, to what is set by hand", () => {
    const config = parseConfig(
      { device: "stm32f746", task: "imagenet", budgets: { arena: 200_000, bitops: 5e9 }, capability: "cmsis-nn" },
      "test",
    );
    expect(config.budgets).toEqual({ arena: 200_000, flashDeployed: 1008 * 1024, layers: 47, bitops: 5e9 });
    expect(config.capability).toBe("cmsis-nn");
    expect(config.space.start[1].nbitsA).toEqual([8, 8, 8]);
    expect(config.space.start[1].nbitsW).toEqual([4, 4, 4]);
  });

  test("fill a stored configuration in again without changing it", () => {
    for (const device of deviceNames()) {
      for (const task of taskNames()) {
        const config = parseConfig({ device, task }, "test");
        expect(parseConfig(JSON.parse(JSON.stringify(config)), "stored")).toEqual(config);
      }
    }
  });

  test("that do not exist are errors with the nearest name", () => {
    expect(() => fillFromDevice({ device: "stm32f764" }, "mine.yaml")).toThrow(
      'mine.yaml: device: unknown device "stm32f764"; did you mean stm32f746?',
    );
    expect(() => parseConfig({ device: "stm32f412" }, "mine.yaml")).toThrow(
      "mine.yaml: task: expected what the network is for beside a device, got nothing; tasks: face, imagenet, kws, vww; or a YAML file, or a space of your own",
    );
    expect(() => fillFromDevice({ task: "wvw" }, "mine.yaml")).toThrow('unknown task "wvw"; did you mean vww?');
    expect(() => fillFromDevice({ device: 746 }, "mine.yaml")).toThrow(
      "device: expected a name or a YAML file, got 746",
    );
    expect(() => fillFromDevice({ task: "./t.yaml" }, "mine.yaml")).toThrow('task: "./t.yaml" is a file');
  });

  test("have presets for the boards of the papers, and the stage weights of every task fit its start network", () => {
    for (const device of ["stm32f412", "stm32f746", "stm32h743"]) {
      for (const task of ["face", "imagenet", "vww"]) {
        const name = `${device}-${task}`;
        expect(presetNames()).toContain(name);
        const config = parseConfig(presetValue(name), name);
        expect([config.device, config.task, config.search.evaluations]).toEqual([device, task, 500_000]);
      }
    }
    for (const task of taskNames()) {
      const { space, score } = parseConfig({ task }, task);
      const stages = space.start.filter((block, i) => i > 0 && block.s === 2).length + 1;
      expect(score.stageWeights).toHaveLength(stages);
    }
  });
});

describe("a device of one's own", () => {
  const board = { name: "mine", memory: { sram: 64, flash: 512 }, capability: "cmsis-nn" };

  test("leaves a network what it does not reserve, and searches the kernels that it names", () => {
    const device = { ...board, reserve: { sram: 16.5, flash: 128 }, kernels: [5, 7] };
    const config = parseConfig({ device, task: "kws" }, "test");
    expect(config.budgets).toEqual({ arena: 45.5 * 1024, flashDeployed: 368 * 1024, layers: 29, macs: 10e6 });
    expect(config.name).toBe("mine-kws");
    expect(config.space.kernels).toEqual([5, 7]);
    // The task's kernels of 3 become the nearest that are searched, as far as their maps have room for them.
    expect(config.space.start.map((block) => block.k)).toEqual([3, 5, 5, 3, 1]);
    expect(parseConfig(JSON.parse(JSON.stringify(config)), "stored")).toEqual(config);
  });

  test.each([
    ["memory.srm: unknown key; did you mean sram?", { ...board, memory: { srm: 64, flash: 512 } }],
    ["memory.sram: expected number, got nothing", { ...board, memory: { flash: 512 } }],
    ["memory.sram: expected KiB, at most 16000, got 131072", { ...board, memory: { sram: 131_072, flash: 512 } }],
    ["memory.flash: expected KiB, at most 131072, got 1048576", { ...board, memory: { sram: 64, flash: 1_048_576 } }],
    ["memory.sram: expected number to be >0, got 0", { ...board, memory: { sram: 0, flash: 512 } }],
    ['memory.sram: expected number, got "64 KB"', { ...board, memory: { sram: "64 KB", flash: 512 } }],
    ["reserve.sram: expected KiB below memory.sram, 64, got 64", { ...board, reserve: { sram: 64 } }],
    ['capability: unknown capability "cmsisnn"; did you mean cmsis-nn?', { ...board, capability: "cmsisnn" }],
    ["capability: expected one of published", { name: "mine", memory: board.memory }],
    ["kernels.1: expected an odd kernel size, got 4", { ...board, kernels: [3, 4] }],
    ["sram: expected under memory; write memory: { sram: 64 }", { ...board, sram: 64 }],
    [
      "sram, flash: expected under memory; write memory: { sram: 192, flash: 512 }",
      { name: "mine", capability: "int8", sram: 192, flash: 512 },
    ],
    ["colour: unknown key; known keys: name", { ...board, colour: "red" }],
  ])("is refused with %s", (message, device) => {
    expect(() => parseConfig({ device, task: "kws" }, "mine.yaml")).toThrow(`mine.yaml: device: ${message}`);
  });

  test("is told of once where its memories are at the top", () => {
    const device = { name: "mine", capability: "int8", sram: 192, flash: 512 };
    expect(() => parseConfig({ device, task: "kws" }, "mine.yaml")).toThrow(
      /^mine.yaml: device: sram, flash: expected under memory; write memory: \{ sram: 192, flash: 512 \}$/,
    );
  });

  test("does not reach the prototype of objects", () => {
    const device = JSON.parse('{ "name": "mine", "__proto__": { "memory": { "sram": 1, "flash": 1 } } }');
    expect(() => parseConfig({ device, task: "kws" }, "mine.yaml")).toThrow(UserError);
    expect("memory" in {}).toBe(false);
  });
});

describe("files of a device and a task", () => {
  const files: Record<string, string> = {
    "boards/mine.yaml": "memory: { sram: 64, flash: 512 }\ncapability: cmsis-nn\n",
    "boards/named.yaml": "name: shed\nmemory: { sram: 64, flash: 512 }\ncapability: int8\n",
    "boards/list.yaml": "- 64\n",
    "boards/empty.yaml": "",
    "boards/wrong.yaml": "memory: { sram: 64, flash: 512 }\nflash: 3\n",
    "words.yaml": partText("task", "kws", "test"),
    "words-wrong.yaml": partText("task", "kws", "test").replace("in: 24, out: 48", "in: 16, out: 48"),
    "words-key.yaml": "title: x\nstart: []\n",
  };
  const read = (path: string) => {
    if (!Object.hasOwn(files, path)) throw new UserError(`${path}: no such file`);
    return files[path];
  };

  test("are read beside the file that names them, and need not be there again", () => {
    const whole = withPartFiles({ device: "mine.yaml", task: "../words.yaml" }, "boards", read);
    const config = parseConfig(whole, "test");
    expect(config.name).toBe("mine-words");
    expect(config.budgets).toEqual({ arena: 62 * 1024, flashDeployed: 496 * 1024, layers: 29, macs: 10e6 });
    expect({ ...config, name: "", task: "" }).toEqual({
      ...parseConfig({ device: { name: "mine", ...(config.device as object) }, task: "kws" }, "test"),
      name: "",
      task: "",
    });
    expect(parseConfig(JSON.parse(JSON.stringify(config)), "stored")).toEqual(config);
    expect(parseConfig(withPartFiles({ device: "./boards/named.yaml", task: "vww" }, ".", read), "test").name).toBe(
      "shed-vww",
    );
  });

  test.each([
    ["boards/list.yaml: the device: expected object, got a list of 1", { device: "./boards/list.yaml" }],
    ["boards/empty.yaml: the device: expected object, got null", { device: "./boards/empty.yaml" }],
    ["boards/wrong.yaml: flash: expected under memory", { device: "./boards/wrong.yaml" }],
    ["boards/none.yml: no such file", { device: "boards/none.yml" }],
    ["words-wrong.yaml: space.start[2].in: expected 24, the block before's out, got 16", { task: "words-wrong.yaml" }],
    ["words-key.yaml: start: unknown key", { task: "words-key.yaml" }],
    ["words-key.yaml: start: unknown key", { device: "rp2040", task: "./words-key.yaml" }],
  ])("that are wrong are told of: %s", (message, value) => {
    expect(() => withPartFiles(value, ".", read)).toThrow(message);
  });
});
