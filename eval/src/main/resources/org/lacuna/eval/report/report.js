"use strict";
(() => {
  const charts = JSON.parse(document.getElementById("charts").textContent);
  const figures = [...document.querySelectorAll("[data-chart]")].filter(figure => charts[figure.dataset.chart]);
  const plots = new Map();
  const height = 300;
  // Two of them side by side on A4 and on US Letter.
  const printedWidth = 330;

  const show = {
    percent: value => (100 * value).toFixed(2) + " %",
    ratio: value => value.toFixed(4),
    layer: value => "layer " + value,
    count: value => String(value),
    step: value => "step " + value,
    number: value => value.toPrecision(4),
    parameters: value => Math.round(2 ** value).toLocaleString("en") + " parameters",
  };
  const tick = {
    percent: value => String(+(100 * value).toFixed(6)),
    ratio: value => String(+value.toFixed(6)),
    layer: value => Number.isInteger(value) ? String(value) : "",
    count: value => Number.isInteger(value) ? String(value) : "",
    step: value => Number.isInteger(value) ? String(value) : "",
    number: value => String(+value.toPrecision(6)),
    parameters: value => Number.isInteger(value) ? (2 ** value).toLocaleString("en", {notation: "compact"}) : "",
  };

  function colour(name) {
    return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  }

  /* Series have their own x: joined into one table, each model's points are rows of it, the others' cells are empty. */
  function joined(chart) {
    return uPlot.join(chart.series.map(series => {
      const x = series.x.slice();
      for (let i = 1; i < x.length; i++) {
        if (x[i] <= x[i - 1]) x[i] = x[i - 1] + 1e-9;
      }
      series.at = new Map(x.map((value, i) => [value, i]));
      // Far above the chart is far enough: with huge coordinates browsers drop a line's dashes.
      const top = chart.yRange ? chart.yRange[1] + 5 * (chart.yRange[1] - chart.yRange[0]) : Infinity;
      return [x, series.y.map(y => y == null ? null : Math.min(y, top))];
    }));
  }

  /* The row nearest to the cursor in which this series has a point. */
  function nearest(plot, series, row, x) {
    const ys = plot.data[series], xs = plot.data[0];
    let best = null;
    for (let i = 0; i < xs.length; i++) {
      if (ys[i] != null && (best == null || Math.abs(xs[i] - x) < Math.abs(xs[best] - x))) best = i;
    }
    return best == null ? row : best;
  }

  function bandsAndLines(chart) {
    return plot => {
      const {ctx, bbox} = plot;
      ctx.save();
      ctx.beginPath();
      ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
      ctx.clip();
      chart.series.forEach((series, i) => {
        if (!series.low || !plot.series[i + 1].show) return;
        const points = [...series.x.keys()].filter(k => series.low[k] != null && series.high[k] != null);
        const to = (k, y) => ctx.lineTo(plot.valToPos(series.x[k], "x", true), plot.valToPos(Math.min(y, 10), "y", true));
        ctx.beginPath();
        points.forEach(k => to(k, series.high[k]));
        points.reverse().forEach(k => to(k, series.low[k]));
        ctx.globalAlpha = 0.18;
        ctx.fillStyle = colour("--model-" + series.model);
        ctx.fill();
      });
      ctx.globalAlpha = 1;
      ctx.strokeStyle = ctx.fillStyle = colour("--text");
      ctx.lineWidth = devicePixelRatio;
      ctx.setLineDash([5 * devicePixelRatio, 4 * devicePixelRatio]);
      ctx.font = 12 * devicePixelRatio + "px system-ui, sans-serif";
      for (const line of chart.lines) {
        const y = plot.valToPos(line.y, "y", true);
        ctx.beginPath();
        ctx.moveTo(bbox.left, y);
        ctx.lineTo(bbox.left + bbox.width, y);
        ctx.stroke();
        const left = line.side === "left", gap = 6 * devicePixelRatio;
        ctx.textAlign = line.side;
        ctx.textBaseline = left ? "bottom" : "top";
        ctx.fillText(line.label, left ? bbox.left + gap : bbox.left + bbox.width - gap, y + (left ? -gap : gap) / 2);
      }
      ctx.restore();
    };
  }

  function options(chart, width) {
    const text = colour("--text"), rule = colour("--rule");
    const axis = (label, kind, size) => ({
      label, size, stroke: text, grid: {stroke: rule, width: 1}, ticks: {stroke: rule, width: 1}, labelSize: 20,
      font: "12px system-ui, sans-serif", labelFont: "12px system-ui, sans-serif",
      values: (plot, ticks) => ticks.map(tick[kind]),
    });
    const x = axis(chart.xLabel, chart.xKind, 40);
    if (chart.xKind === "layer") x.incrs = [1, 2, 5, 10, 20, 50];
    const y = axis(chart.yLabel, chart.yKind, 56);
    if (chart.yKind === "count") y.incrs = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000];
    const lastLayer = chart.xKind === "layer" ? Math.max(0, ...chart.series.flatMap(series => series.x)) : -1;
    const whole = (low, high) => lastLayer >= 0 ? [-0.5, lastLayer + 0.5] : ["step", "parameters"].includes(chart.xKind) ? [low, Math.max(high, low + 1)] : [0, 1];
    return {
      width, height,
      scales: {
        x: {time: false, range: (plot, low, high) => chart.zoomed ? [low, high] : whole(low, high)},
        y: {range: (plot, low, high) => chart.yRange || (chart.yKind === "percent" ? [0, 1] : [0, Math.max(1, high * 1.1)])},
      },
      axes: [x, y],
      cursor: {dataIdx: nearest, drag: {x: true, y: false}, points: {size: 9}},
      legend: {live: true, markers: {dash: (plot, i) => {
        const dash = chart.series[i - 1]?.dash || [];
        return dash.length === 0 ? "solid" : dash[0] < 4 ? "dotted" : "dashed";
      }}},
      hooks: {
        drawAxes: [bandsAndLines(chart)],
        setSelect: [plot => { if (plot.select.width > 0) chart.zoomed = true; }],
      },
      series: [{}, ...chart.series.map(series => ({
        label: series.label,
        stroke: colour("--model-" + series.model),
        width: 2,
        dash: series.dash,
        spanGaps: true,
        ...(series.scatter ? {paths: () => null} : {}),
        points: {show: series.x.length <= 100, size: 5, fill: colour("--model-" + series.model)},
        value: (plot, value, i, row) => {
          if (value == null || row == null) return "";
          const at = plot.data[0][row], point = series.at.get(at), note = series.notes ? ", " + series.notes[point] : "";
          return show[chart.yKind](series.y[point]) + " at " + show[chart.xKind](at) + note;
        },
      }))],
    };
  }

  function draw(figure, width) {
    const chart = charts[figure.dataset.chart];
    figure.hidden = false;
    plots.get(figure)?.destroy();
    if (chart.series.length === 0) {
      figure.hidden = true;
      return;
    }
    const plot = new uPlot(options(chart, width || figure.clientWidth), joined(chart), figure);
    plot.over.addEventListener("dblclick", () => { chart.zoomed = false; }, true);
    plots.set(figure, plot);
  }

  const drawAll = width => figures.forEach(figure => draw(figure, width));
  const unfold = new Set();
  drawAll();
  addEventListener("resize", () => plots.forEach((plot, figure) => plot.setSize({width: figure.clientWidth, height})));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => drawAll());
  addEventListener("beforeprint", () => {
    document.documentElement.classList.add("printing");
    document.querySelectorAll("details:not([open])").forEach(details => { details.open = true; unfold.add(details); });
    drawAll(printedWidth);
  });
  addEventListener("afterprint", () => {
    document.documentElement.classList.remove("printing");
    unfold.forEach(details => { details.open = false; });
    unfold.clear();
    drawAll();
  });
})();
