"use strict";
// How many elements of a gradient have which size, in half decades; the same axis for every parameter.

// gradientHistogram(counts, {lowestDecade, perDecade, label}): hover gives a bar's numbers.
function gradientHistogram(counts, { lowestDecade, perDecade, label }) {
  const width = 300,
    height = 84,
    base = 66;
  const most = Math.max(1, ...counts);
  const step = width / counts.length;
  const sizeOf = (bin) => `10${superscript(lowestDecade + bin / perDecade)}`;
  const bars = counts.map((count, bin) => {
    const tall = count === 0 ? 0 : Math.max(1.5, (count / most) * (base - 4));
    const bar = svg("rect", {
      class: "bar",
      x: bin * step + 0.5,
      y: base - tall,
      width: step - 1,
      height: tall,
    });
    explainOnHover(
      bar,
      () => `${sizeOf(bin)} to ${sizeOf(bin + 1)}: ${count.toLocaleString("en")} elements`,
    );
    return bar;
  });
  const ticks = [];
  for (let bin = 0; bin <= counts.length; bin += 3 * perDecade)
    ticks.push(
      svg(
        "text",
        {
          x: bin * step,
          y: height - 4,
          "text-anchor": bin === 0 ? "start" : bin === counts.length ? "end" : "middle",
        },
        sizeOf(bin),
      ),
    );
  return svg(
    "svg",
    { class: "histogram", viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label },
    svg("line", { class: "base", x1: 0, x2: width, y1: base, y2: base }),
    bars,
    ticks,
  );
}

// -3 -> "⁻³"; halves of a decade as a decimal fraction.
function superscript(exponent) {
  const signs = { "-": "⁻", ".": "·" };
  return [...String(exponent)].map((sign) => signs[sign] ?? "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(sign)]).join("");
}
