// JSON that people write into a field: read, or said what is wrong and where.

/** { value } for a JSON object, { fault } otherwise. Nothing at all is an empty object. */
export function parseObject(text) {
  if (text.trim() === "") return { value: {} };
  let value;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { fault: `this is no JSON: ${place(text, error.message)}` };
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return { fault: "this must be a JSON object, which begins with { and ends with }" };
  }
  return { value };
}

/** The browser's reason, with line and column where it only counts characters. */
function place(text, message) {
  const position = /at position (\d+)/.exec(message);
  if (!position || /line \d+/.test(message)) return message;
  const before = text.slice(0, Number(position[1])).split("\n");
  return message.replace(position[0], `at line ${before.length}, column ${before.at(-1).length + 1}`);
}
