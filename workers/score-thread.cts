/*
 * Piscina's entry. Piscina loads it with require, and requiring an ES module while its thread is being ended crashes the whole process
 * on Node 20; importing one does not.
 */
module.exports = import("./score.ts").then((module) => module.default);
