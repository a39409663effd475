// The explorer: what htmx leaves to do after an answer came, and drawings that can be zoomed. Without it, or without
// script at all, the page is whole: the form sends itself and the drawings are the server's.
"use strict";
(() => {
  const own = document.currentScript.dataset;
  const drawn = new Set();
  let loading = null;

  // uPlot and its style come when the first answer that runs in time does.
  const library = () => {
    loading ??= new Promise((done) => {
      const style = document.createElement("link");
      style.rel = "stylesheet";
      style.href = own.plotStyle;
      style.onload = () => {
        const script = document.createElement("script");
        script.src = own.plot;
        script.onload = done;
        document.head.append(script);
      };
      document.head.append(style);
    });
    return loading;
  };

  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--ll-${name}`).trim();
  const made = (tag, words = {}, ...inner) => {
    const one = document.createElement(tag);
    for (const [name, value] of Object.entries(words)) one.setAttribute(name, value);
    one.append(...inner);
    return one;
  };
  const pen = (line) => {
    const picture = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    const stroke = document.createElementNS("http://www.w3.org/2000/svg", "path");
    const words = { d: "M0 5H20", "stroke-width": line.weight, "stroke-dasharray": line.dash.join(" ") || "none" };
    for (const [name, value] of Object.entries(words)) stroke.setAttribute(name, value);
    stroke.setAttribute("class", `ll-line-${line.colour}`);
    for (const [name, value] of Object.entries({ width: 20, height: 10, "aria-hidden": "true" })) picture.setAttribute(name, value);
    picture.append(stroke);
    return picture;
  };

  const numbers = (data) => {
    const style =
      data.unit === "percent" ? { style: "percent", maximumFractionDigits: 2 }
      : data.unit.startsWith("money") && data.currency ? { style: "currency", currency: data.currency, notation: "compact", maximumFractionDigits: 1 }
      : { notation: "compact", maximumFractionDigits: 2 };
    return new Intl.NumberFormat(data.locale, style);
  };

  // How high the axis reaches: from zero, unless that would press the line flat.
  const reach = (_, low, high) => {
    if (low == null || high == null) return [0, 1];
    const from = low >= 0 && high - low > 0.35 * high ? 0 : low, to = high <= 0 && high - low > 0.35 * -low ? 0 : high;
    const room = (to - from || Math.abs(to) || 1) * 0.08;
    return [from === 0 ? 0 : from - room, to === 0 ? 0 : to + room];
  };

  // Steps of an axis of whole numbers.
  const wholeSteps = [...Array(15).keys()].flatMap((power) => [1, 2, 5].map((one) => one * 10 ** power));

  const widest = (texts, font) => {
    const pencil = document.createElement("canvas").getContext("2d");
    pencil.font = font;
    return Math.max(0, ...texts.map((text) => pencil.measureText(text).width));
  };

  const draw = (box) => {
    const svg = [...box.querySelectorAll(":scope > .drawing > svg")].find((one) => one.getClientRects().length);
    if (!svg) return null;
    const data = JSON.parse(box.dataset.plot), count = data.names.length, open = new Set(data.open);
    const size = svg.getBoundingClientRect(), font = `12px ${getComputedStyle(box).fontFamily}`, shown = numbers(data);

    // The same box as the drawing it stands in for, to the pixel.
    const whole = made("button", { type: "button", class: "quiet whole", hidden: "" }, data.words.whole);
    const told = made("div", { class: "told", "aria-hidden": "true", hidden: "" });
    const help = made("span", { class: "unseen", id: `${svg.querySelector("desc").id}-help` }, data.words.help);
    const keys = made("ul", { class: "keys" });
    const plot = made("div", {
      class: "plot", tabindex: "0", role: "group", "aria-labelledby": svg.getAttribute("aria-labelledby"), "aria-describedby": help.id,
    }, keys, told, whole, help);
    plot.style.height = `${size.height}px`;
    plot.style.width = `${size.width}px`;
    box.append(plot);
    box.classList.add("plotted");

    // A line is a whole one, and a dashed one through the periods that are not over. The main one lies on top.
    const xs = data.names.map((_, at) => at), rows = [xs], series = [{}];
    for (const [number, line] of [...data.lines.entries()].reverse()) {
      const past = line.colour === "past";
      const at = series.length;
      rows.push(line.values.map((value, place) => (open.has(place) && !past ? null : value)));
      series.push({ stroke: () => colour(line.colour), width: count > 150 ? Math.min(line.weight, 1.25) : line.weight, dash: line.dash,
        points: { show: number === 0 && count <= 40, size: 5.5, fill: () => colour(line.colour) } });
      if (open.size && !past) {
        const near = (place) => open.has(place) || open.has(place - 1) || open.has(place + 1);
        rows.push(line.values.map((value, place) => (near(place) ? value : null)));
        series.push({ stroke: () => colour(line.colour), width: line.weight, dash: [4, 4],
          points: { show: true, size: 8, width: 2, fill: () => colour("paper"), filter: () => data.open } });
      }
      const parts = xs.slice(0, series.length - at).map((_, step) => at + step);
      const key = made("button", { type: "button", "aria-pressed": "true" }, pen(line), made("bdi", {}, line.label));
      key.addEventListener("click", () => {
        const on = key.getAttribute("aria-pressed") !== "true";
        key.setAttribute("aria-pressed", String(on));
        for (const part of parts) chart.setSeries(part, { show: on });
      });
      keys.prepend(made("li", {}, key));
    }

    const place = (u, at) => u.valToPos(at - 0.5, "x", true);
    const bands = (u) => {
      u.ctx.fillStyle = colour("wash");
      for (const at of data.open) {
        const ends = [place(u, at), place(u, at + 1)].map((x) => Math.min(Math.max(x, u.bbox.left), u.bbox.left + u.bbox.width));
        u.ctx.fillRect(Math.min(...ends), u.bbox.top, Math.abs(ends[1] - ends[0]), u.bbox.height);
      }
    };
    const uprights = (u) => {
      const dot = devicePixelRatio, pencil = u.ctx;
      const within = (x) => x >= u.bbox.left && x <= u.bbox.left + u.bbox.width;
      const upright = (x, paint, dash) => {
        pencil.strokeStyle = colour(paint);
        pencil.lineWidth = dot;
        pencil.setLineDash(dash.map((part) => part * dot));
        pencil.beginPath();
        pencil.moveTo(x, u.bbox.top);
        pencil.lineTo(x, u.bbox.top + u.bbox.height);
        pencil.stroke();
      };
      pencil.save();
      pencil.font = `${11 * dot}px ${getComputedStyle(box).fontFamily}`;
      pencil.textAlign = "center";
      pencil.textBaseline = "bottom";
      for (const at of data.breaks) {
        const x = place(u, at);
        if (!within(x)) continue;
        upright(x, "ink", [2, 3]);
        pencil.fillStyle = colour("ink");
        pencil.fillText(data.words.changed, x, u.bbox.top);
      }
      let last = null;
      for (const [number, [at]] of data.remarks.entries()) {
        const x = place(u, at);
        if (!within(x)) continue;
        if (last && Math.abs(x - last.x) < 17 * dot) last.to = number + 1;
        else last = { x, from: number + 1, to: number + 1 };
        upright(x, "axis", [1, 3]);
        pencil.clearRect(last.x - 12 * dot, u.bbox.top - 14 * dot, 24 * dot, 14 * dot);
        pencil.fillStyle = colour("ink");
        pencil.fillText(last.from === last.to ? String(last.from) : `${last.from}–${last.to}`, last.x, u.bbox.top);
      }
      pencil.restore();
    };

    const tell = (u) => {
      const at = u.cursor.idx;
      told.hidden = at == null || u.cursor.left < 0;
      if (told.hidden) return;
      const lines = data.lines.map((line) => made("div", {}, made("bdi", {}, line.label), ": ", made("bdi", {}, line.told[at])));
      told.replaceChildren(made("b", {}, data.names[at] + (open.has(at) ? ` (${data.words.open})` : "")), ...lines);
      const middle = u.valToPos(at, "x") + u.bbox.left / devicePixelRatio;
      const left = middle > size.width / 2 ? middle - told.offsetWidth - 14 : middle + 14;
      told.style.left = `${Math.min(Math.max(left, 0), size.width - told.offsetWidth)}px`;
      told.style.top = `${keys.offsetHeight + 4}px`;
    };

    const ink = () => colour("muted"), fine = { stroke: () => colour("grid"), width: 1 };
    const chart = new uPlot({
      width: size.width,
      height: size.height - keys.offsetHeight,
      legend: { show: false },
      padding: [data.remarks.length || data.breaks.length ? 18 : 10, 12, 0, 12],
      cursor: { y: false, move: (u, left, top) => [left < 0 ? left : u.valToPos(u.posToIdx(left), "x"), top], drag: { x: true, y: false, dist: 6 }, points: { size: 8 } },
      scales: {
        x: { time: false, dir: data.rtl ? -1 : 1, range: (_, low, high) => {
          let from = Math.max(Math.ceil(low), 0), to = Math.min(Math.floor(high), count - 1);
          if (to <= from) {
            const near = Math.round((low + high) / 2);
            from = Math.max(near - 1, 0);
            to = Math.min(from + 2, count - 1);
          }
          return [from - 0.5, to + 0.5];
        } },
        y: { range: reach },
      },
      axes: [
        { stroke: ink, font, size: 40, gap: 6, ticks: { show: false }, grid: { show: false },
          splits: (u, _, low, high) => {
            const step = u.bbox.width / devicePixelRatio / (high - low);
            const every = Math.max(1, Math.ceil((widest(data.ticks, font) + 12) / step)), found = [];
            for (let at = Math.floor(high); at >= low; at -= every) found.unshift(at);
            return found;
          },
          values: (_, splits) => splits.map((at, number) => {
            const year = data.years[at];
            return year && (number === 0 || data.years[splits[number - 1]] !== year) ? `${data.ticks[at]}\n${year}` : data.ticks[at];
          }) },
        { stroke: ink, font, side: data.rtl ? 1 : 3, gap: 6, ticks: { show: false }, grid: fine,
          values: (_, splits) => splits.map((value) => shown.format(value)),
          ...(data.lines.every((line) => line.values.every((value) => value == null || Number.isInteger(value))) ? { incrs: wholeSteps } : {}),
          size: (_, values) => (values ? Math.ceil(widest(values, font)) + 10 : 40) },
      ],
      series,
      hooks: {
        drawClear: [bands],
        draw: [uprights],
        setCursor: [tell],
        setScale: [(u, scale) => {
          if (scale === "x") whole.hidden = u.scales.x.max - u.scales.x.min > count - 0.001;
        }],
      },
    }, rows, plot);

    const zoom = (low, high) => chart.setScale("x", { min: low, max: high });
    const point = (at) => {
      const value = data.lines.map((line) => line.values[at]).find((one) => one != null);
      chart.setCursor({ left: chart.valToPos(at, "x"), top: value == null ? 0 : chart.valToPos(value, "y") });
      document.getElementById("said").textContent = told.textContent;
    };
    whole.addEventListener("click", () => {
      zoom(0, count - 1);
      plot.focus();
    });
    plot.addEventListener("keydown", (event) => {
      if (event.target !== plot || event.ctrlKey || event.metaKey || event.altKey) return;
      const first = Math.ceil(chart.scales.x.min), last = Math.floor(chart.scales.x.max);
      const on = data.rtl ? "ArrowLeft" : "ArrowRight", back = data.rtl ? "ArrowRight" : "ArrowLeft";
      const at = chart.cursor.left >= 0 ? chart.cursor.idx : null, middle = at ?? Math.round((first + last) / 2);
      const half = (last - first) / 4;
      const deeds = {
        [on]: () => point(at == null ? first : Math.min(at + 1, last)),
        [back]: () => point(at == null ? last : Math.max(at - 1, first)),
        Home: () => point(first),
        End: () => point(last),
        "+": () => zoom(Math.max(Math.ceil(middle - half), 0), Math.min(Math.floor(middle + half), count - 1)),
        "-": () => zoom(Math.max(Math.floor(middle - 4 * half), 0), Math.min(Math.ceil(middle + 4 * half), count - 1)),
        Escape: () => {
          zoom(0, count - 1);
          chart.setCursor({ left: -10, top: -10 });
        },
      };
      const deed = deeds[event.key === "=" ? "+" : event.key];
      if (!deed) return;
      event.preventDefault();
      deed();
    });
    return { box, width: box.clientWidth, end: () => {
      chart.destroy();
      plot.remove();
      box.classList.remove("plotted");
    } };
  };

  const forget = () => {
    for (const one of drawn) one.end();
    drawn.clear();
  };
  const drawAll = async () => {
    const boxes = [...document.querySelectorAll("#explorer .box[data-plot]")];
    if (!boxes.length) return;
    await library();
    forget();
    for (const box of boxes) {
      const one = box.isConnected ? draw(box) : null;
      if (one) drawn.add(one);
    }
  };

  // Another width or other colours: drawn anew from the drawing that fits.
  let later = 0;
  const again = () => {
    clearTimeout(later);
    later = setTimeout(() => {
      if (drawn.size) drawAll();
    }, 120);
  };
  addEventListener("resize", () => {
    if ([...drawn].some((one) => one.box.clientWidth !== one.width)) again();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", again);

  // Addresses hold what is asked and nothing else.
  document.addEventListener("htmx:configRequest", ({ detail }) => {
    const form = detail.formData;
    if (form.get("dates")) form.set("period", form.get("dates"));
    form.delete("dates");
    if (form.get("grain") === "none") form.delete("grain");
    for (const name of new Set(form.keys())) {
      const values = form.getAll(name).filter(Boolean);
      form.delete(name);
      if (values.length) form.set(name, values.join(","));
    }
  });
  // Logged out, or an error page: shown as a page of its own.
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { xhr, pathInfo } = event.detail;
    if (xhr.status !== 200 || !xhr.responseText.includes('id="explorer"')) {
      event.detail.shouldSwap = false;
      location.assign(pathInfo.finalRequestPath || pathInfo.requestPath);
      return;
    }
    forget();
  });
  document.addEventListener("htmx:sendError", (event) => location.assign(event.detail.pathInfo.finalRequestPath));
  document.addEventListener("htmx:afterSettle", () => {
    const explorer = document.getElementById("explorer");
    document.getElementById("said").textContent = explorer.dataset.said;
    for (const back of document.querySelectorAll("input[name=back]")) back.value = location.pathname + location.search;
    // What had the focus may be gone with the answer: a metric that was taken out.
    if (document.activeElement === document.body) document.getElementById("add-metric")?.focus({ preventScroll: true });
    drawAll();
  });
  drawAll();
})();
