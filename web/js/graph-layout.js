// Where the nodes of a directed graph without cycles stand: in layers by their longest way from a start, and in each layer so that few lines cross.

/** How often the order of the layers is bettered, down and up. */
const sweeps = 8;

/**
 * { places: Map(id → { layer, row }), layers, rows, routes: [{ from, to, points: [{ layer, row }] }] }
 *
 * `edges` are [from, to]. A line over several layers goes by a place of its own in each, so that it passes between nodes.
 * Pure; the same for the same input. Edges that would close a cycle count for nothing in the layers.
 */
export function layout(ids, edges) {
  const known = new Set(ids);
  const wanted = edges.filter(([from, to]) => known.has(from) && known.has(to) && from !== to);
  const layerOf = longestWays(ids, wanted);
  const layers = [];
  const cells = new Map();
  const put = (key, layer) => {
    (layers[layer] ??= []).push(key);
    cells.set(key, { layer, before: [], after: [] });
  };
  for (const id of ids) put(id, layerOf.get(id));
  const routes = wanted.map(([from, to]) => {
    const way = [from];
    const [start, end] = [layerOf.get(from), layerOf.get(to)];
    for (let layer = start + 1; layer < end; layer += 1) {
      const key = `${from}>${to}@${layer}`;
      put(key, layer);
      way.push(key);
    }
    way.push(to);
    for (let index = 1; index < way.length; index += 1) {
      cells.get(way[index - 1]).after.push(way[index]);
      cells.get(way[index]).before.push(way[index - 1]);
    }
    return { from, to, way };
  });
  order(layers, cells);
  const rows = Math.max(...layers.map((layer) => layer.length), 1);
  const places = new Map();
  layers.forEach((layer, at) => layer.forEach((key, index) => {
    // Shorter layers stand in the middle.
    places.set(key, { layer: at, row: index + (rows - layer.length) / 2 });
  }));
  return {
    places: new Map(ids.map((id) => [id, places.get(id)])),
    layers: layers.length,
    rows,
    routes: routes.map(({ from, to, way }) => ({ from, to, points: way.map((key) => places.get(key)) })),
  };
}

/** The layer of each node: how many edges its longest way from a start has. */
function longestWays(ids, edges) {
  const after = new Map(ids.map((id) => [id, []]));
  const open = new Map(ids.map((id) => [id, 0]));
  for (const [from, to] of edges) {
    after.get(from).push(to);
    open.set(to, open.get(to) + 1);
  }
  const layerOf = new Map(ids.map((id) => [id, 0]));
  const ready = ids.filter((id) => open.get(id) === 0);
  for (let at = 0; at < ready.length; at += 1) {
    for (const to of after.get(ready[at])) {
      layerOf.set(to, Math.max(layerOf.get(to), layerOf.get(ready[at]) + 1));
      open.set(to, open.get(to) - 1);
      if (open.get(to) === 0) ready.push(to);
    }
  }
  return layerOf;
}

/** Sorts each layer by the middle of its neighbours in the layer beside it, to and fro, and keeps the best. */
function order(layers, cells) {
  const position = new Map();
  const number = (layer) => layer.forEach((key, index) => position.set(key, index));
  layers.forEach(number);
  let best = layers.map((layer) => [...layer]);
  let fewest = crossings(layers, cells, position);
  for (let sweep = 0; sweep < sweeps && fewest > 0; sweep += 1) {
    const isDown = sweep % 2 === 0;
    for (const layer of isDown ? layers : [...layers].reverse()) {
      const middles = new Map(layer.map((key) => {
        const beside = isDown ? cells.get(key).before : cells.get(key).after;
        const sum = beside.reduce((total, other) => total + position.get(other), 0);
        return [key, beside.length > 0 ? sum / beside.length : position.get(key)];
      }));
      layer.sort((a, b) => middles.get(a) - middles.get(b) || position.get(a) - position.get(b));
      number(layer);
    }
    const count = crossings(layers, cells, position);
    if (count < fewest) {
      fewest = count;
      best = layers.map((layer) => [...layer]);
    }
  }
  best.forEach((layer, at) => { layers[at] = layer; });
}

/** How many pairs of lines cross between neighbouring layers: counted by insertion, as inversions. */
function crossings(layers, cells, position) {
  let count = 0;
  for (const layer of layers) {
    const ends = layer.flatMap((key) => cells.get(key).after.map((other) => position.get(other)).sort((a, b) => a - b));
    const seen = [];
    for (const end of ends) {
      let low = 0;
      let high = seen.length;
      while (low < high) {
        const middle = (low + high) >> 1;
        if (seen[middle] <= end) low = middle + 1;
        else high = middle;
      }
      count += seen.length - low;
      seen.splice(low, 0, end);
    }
  }
  return count;
}
